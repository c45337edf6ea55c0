import type { Stored } from '../controller/feed.ts';
import { LABEL } from '../api/names.ts';
import type { PodView } from '../plan/state/observed.ts';
import { templateId } from '../plan/pods/template.ts';
import { identity, type Raw } from './raw.ts';
import { sharedText } from './shared.ts';

interface RawPod extends Raw {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name?: string;
  readonly restartCount?: number;
  readonly state?: {
    readonly running?: object;
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: Terminated;
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface Terminated {
  readonly exitCode?: number;
  readonly reason?: string;
}

/** Why it is not ready, and nothing else: a pod changes often, and hardly ever in what is kept here. */
export function projectPod(raw: RawPod): Stored & PodView & { readonly installation: string } {
  const { metadata, status } = raw;
  // In the order in which they start. What has copied its files well says nothing of what the release does.
  const copying = (status?.initContainerStatuses ?? []).filter((c) => c.state?.terminated?.exitCode !== 0);
  const containers = [...copying, ...(status?.containerStatuses ?? [])];
  const waiting = containers.find((c) => isHeldUp(c))?.state?.waiting;
  const scheduled = status?.conditions?.find((c) => c.type === 'PodScheduled');
  const restarts = Math.max(0, ...containers.map((c) => c.restartCount ?? 0));
  const restarted = containers.find((c) => restarts > 0 && c.restartCount === restarts);
  const exit = restarted?.lastState?.terminated;
  return {
    ...identity(metadata),
    name: metadata.name,
    installation: `${metadata.namespace ?? ''}/${metadata.labels?.[LABEL.installation] ?? ''}`,
    template: sharedText(templateId(metadata.annotations)),
    restarts,
    exit:
      exit?.exitCode === undefined
        ? undefined
        : { container: sharedText(restarted?.name ?? ''), code: exit.exitCode, reason: sharedText(exit.reason) },
    hasStarted:
      restarts > 0 || containers.some((c) => c.state?.running ?? c.state?.terminated ?? c.lastState?.terminated),
    waiting: waiting && { reason: sharedText(waiting.reason ?? ''), message: waiting.message ?? '' },
    unschedulable: scheduled?.reason === 'Unschedulable' ? scheduled.message : undefined,
  };
}

/** Not who waits only for an init container, which says itself what is wrong with it. */
function isHeldUp({ state }: ContainerStatus): boolean {
  return state?.waiting !== undefined && state.waiting.reason !== 'PodInitializing';
}
