import type { EventRecorder } from '../cluster/events.ts';
import { mergePatch } from '../cluster/merge-patch.ts';
import type { Writer } from '../cluster/write.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { API_VERSION, FIELD_MANAGER, INSTALLATION_KIND } from '../api/names.ts';
import { eventsBetween, type EventDraft } from '../plan/tell/events.ts';
import type { Installation } from '../plan/state/observed.ts';
import type { Caches } from './caches.ts';
import { projectInstallation } from './project.ts';
import type { Raw } from './raw.ts';
import { INSTALLATIONS } from './resources.ts';

interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
}

export interface ReportPorts {
  readonly caches: Pick<Caches, 'installations'>;
  readonly writer: Writer;
  readonly events: EventRecorder;
  readonly log: Log;
  /** Told of each status that was written, and of the one before. */
  readonly onReported: (before: InstallationStatus, after: InstallationStatus) => void;
}

export interface Reporter {
  /** Writes what changed of the status, and tells what of it people should hear. */
  readonly report: (seen: Installation, status: InstallationStatus, reconcileID: string) => Promise<void>;
  readonly record: (seen: Installation, draft: EventDraft) => void;
}

export function createReporter({ caches, writer, events, log, onReported }: ReportPorts): Reporter {
  function record({ namespace, name, uid }: Installation, draft: EventDraft): void {
    events.record({ regarding: { apiVersion: API_VERSION, kind: INSTALLATION_KIND, namespace, name, uid }, ...draft });
  }

  return {
    record,
    async report(seen, status, reconcileID) {
      const patch = mergePatch(seen.status, status);
      const installation = `${seen.namespace}/${seen.name}`;
      if (patch) {
        const stored = await writer.patchStatus<Raw>(INSTALLATIONS, seen, patch, { fieldManager: FIELD_MANAGER });
        if (!stored) {
          return;
        }
        caches.installations.offer(projectInstallation(stored));
        onReported(seen.status, status);
        log.debug({ reconcileID, installation, fields: Object.keys(patch) }, 'Reported the status');
      }
      for (const draft of eventsBetween(seen.status, status)) {
        record(seen, draft);
        log.info({ reconcileID, installation, reason: draft.reason }, draft.note);
      }
    },
  };
}
