import type { Stored } from '../controller/feed.ts';
import { LABEL } from '../api/names.ts';
import { isSoftwareVolume } from '../plan/software/clash.ts';
import type { PodView } from '../plan/state/observed.ts';
import { CONTAINER, templateId } from '../plan/pods/template.ts';
import { identity, ownerOf, type Metadata, type Raw } from './raw.ts';
import { sharedText } from './shared.ts';

interface RawPod extends Raw {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
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
  const { initContainerStatuses: inits = [], containerStatuses = [] } = status ?? {};
  // In the order in which they start. What has copied its files well says nothing of what the release does.
  const copying = inits.filter((c) => isOfSoftware(c) && c.state?.terminated?.exitCode !== 0);
  const provider = containerStatuses.find(isOfRelease);
  const containers = [...copying, ...(provider ? [provider] : [])];
  const waiting = containers.find((c) => isHeldUp(c))?.state?.waiting;
  const scheduled = status?.conditions?.find((c) => c.type === 'PodScheduled');
  const restarts = Math.max(0, ...containers.map((c) => c.restartCount ?? 0));
  const restarted = containers.find((c) => restarts > 0 && c.restartCount === restarts);
  const exit = restarted?.lastState?.terminated;
  return {
    ...identity(metadata),
    name: metadata.name,
    installation: isOfRollout(raw) ? `${metadata.namespace ?? ''}/${installationOf(metadata)}` : NOBODYS,
    template: sharedText(templateId(metadata.annotations)),
    restarts,
    exit:
      exit?.exitCode === undefined
        ? undefined
        : { container: sharedText(restarted?.name ?? ''), code: exit.exitCode, reason: sharedText(exit.reason) },
    hasStarted:
      restarts > 0 || containers.some((c) => c.state?.running ?? c.state?.terminated ?? c.lastState?.terminated),
    isReady: provider?.ready === true,
    waiting: waiting && { reason: sharedText(waiting.reason ?? ''), message: waiting.message ?? '' },
    stranger: strangerIn(inits, containerStatuses),
    unschedulable: scheduled?.reason === 'Unschedulable' ? scheduled.message : undefined,
  };
}

/** No installation has this key. */
const NOBODYS = '';

/**
 * Not a copy of a pod that somebody made (`kubectl debug --copy-to`), nor one that was evicted: its ReplicaSet has made another.
 * A ReplicaSet is named by its Deployment and the hash of its template.
 */
function isOfRollout({ metadata, status }: RawPod): boolean {
  const owner = ownerOf(metadata);
  return (
    owner?.kind === 'ReplicaSet' &&
    owner.name === `${installationOf(metadata)}-${metadata.labels?.['pod-template-hash']}` &&
    status?.phase !== 'Failed' &&
    status?.phase !== 'Succeeded'
  );
}

function installationOf({ labels }: Metadata): string {
  return labels?.[LABEL.installation] ?? '';
}

function isOfRelease({ name }: ContainerStatus): boolean {
  return name === CONTAINER;
}

function isOfSoftware({ name = '' }: ContainerStatus): boolean {
  return isSoftwareVolume(name);
}

/** Not who waits only for an init container, which says itself what is wrong with it. */
function isHeldUp({ state }: ContainerStatus): boolean {
  return state?.waiting !== undefined && state.waiting.reason !== 'PodInitializing';
}

/** The first container that others have put into the pod, and that keeps it from being ready; with why, in words. */
function strangerIn(inits: readonly ContainerStatus[], containers: readonly ContainerStatus[]): PodView['stranger'] {
  const held = inits.find((c) => !isOfSoftware(c) && c.ready !== true && (isHeldUp(c) || c.state?.running));
  const unready =
    held ??
    containers.find((c) => !isOfRelease(c) && c.ready !== true && c.state?.waiting?.reason !== 'PodInitializing');
  const { reason } = unready?.state?.waiting ?? {};
  return unready && { container: sharedText(unready.name ?? ''), why: sharedText(reason ?? 'not ready') };
}
