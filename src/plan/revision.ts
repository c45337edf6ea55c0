import type { InstallationStatus } from '../api/installation.ts';
import { ANNOTATION, LABEL } from '../api/names.ts';
import { unpack } from '../api/packed.ts';
import { formatAttempt, type Attempt } from './attempt.ts';
import { child, labelsOf, metadataOf, type Child } from './children.ts';
import { formatCommitted, inputsHash, type Committed } from './committed.ts';
import { formatFailures, type Failure } from './failure-memory.ts';
import type { ChildView, DeploymentView, Installation, Observed, RevisionView, ServicePort } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { undoneUnhealed } from './undone.ts';

/** The saved templates that are kept: the one to go back to, and two for people. */
const KEPT = 3;

/** What a saved revision holds: the Deployment as it was applied, without its identity, and what its other children had. */
export interface SavedRevision {
  readonly deployment: {
    readonly metadata: {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    };
    readonly spec: { readonly replicas?: number };
  };
  readonly version?: string | undefined;
  readonly ports?: readonly ServicePort[];
  readonly hasBudget?: boolean;
  readonly effective?: InstallationStatus['effective'];
}

/** The name of the revision that holds what was made from these inputs. */
export function revisionName({ name }: Pick<Installation, 'name'>, committed: Committed): string {
  return `${name}-${inputsHash(committed).slice(0, 10)}`;
}

/**
 * Saves what is committed before it is replaced: from the fields that the operator owns in the Deployment, which are
 * exactly what it applied, so that nothing of the old configuration or release has to be known any more.
 * What was saved before other rollouts only becomes the newest again, because the newest is what one goes back to.
 * Undefined where it is that already, and for an older one that somebody brought back: nobody goes back to that.
 */
export function revisionToSave(
  { installation, revisions, service, budget }: Observed,
  deployment: DeploymentView,
): Child | undefined {
  const { body, committed, version } = deployment;
  if (!committed || undoneUnhealed(installation.status, deployment)) {
    return undefined;
  }
  const isOurs = (seen: ChildView | undefined) => ownershipOf(seen, installation).kind === 'ours';
  const saved: SavedRevision = {
    deployment: deploymentIn(body),
    version,
    ...(service && isOurs(service) && { ports: service.ports }),
    ...(isOurs(budget) && { hasBudget: true }),
    ...(installation.status.effective && { effective: installation.status.effective }),
  };
  const name = revisionName(installation, committed);
  const latest = newest(revisions);
  if (latest?.name === name) {
    return undefined;
  }
  const { labels, ownerReferences, namespace } = metadataOf(installation, {
    ...labelsOf(installation),
    ...(version !== undefined && { [LABEL.version]: version.slice(0, 63).replace(/[^a-zA-Z0-9]+$/, '') }),
  });
  return child({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace,
      labels,
      ownerReferences,
      annotations: { [ANNOTATION.committed]: formatCommitted(committed) },
    },
    data: saved,
    revision: (latest?.number ?? 0) + 1,
  });
}

/** The Deployment of a packed body. */
export function deploymentIn(body: string): SavedRevision['deployment'] {
  return JSON.parse(unpack(body)) as SavedRevision['deployment'];
}

/** What was saved of what is committed now; undefined where it was not, as before the first change. */
export function revisionOf(
  { installation, revisions }: Pick<Observed, 'installation' | 'revisions'>,
  committed: Committed | undefined,
): RevisionView | undefined {
  const name = committed && revisionName(installation, committed);
  return revisions.find((r) => r.name === name);
}

export function newest(revisions: readonly RevisionView[]): RevisionView | undefined {
  return revisions.toSorted((a, b) => b.number - a.number)[0];
}

/** The oldest that is one too many and is not the one to go back to. */
export function revisionToPrune(
  revisions: readonly RevisionView[],
  needed: readonly (string | undefined)[],
): RevisionView | undefined {
  const oldestFirst = [...revisions].sort((a, b) => a.number - b.number);
  return revisions.length > KEPT ? oldestFirst.find((r) => !needed.includes(r.name)) : undefined;
}

/** The Deployment of a saved revision, to be applied again: whole, but for the memory of what happened since. */
export function restoredDeployment(
  installation: Installation,
  { deployment: saved }: SavedRevision,
  memory: {
    readonly attempt: Attempt;
    readonly failures: readonly Failure[];
    readonly stableVersion: string | undefined;
  },
): Child {
  const { [ANNOTATION.applied]: _, [ANNOTATION.failed]: __, ...annotations } = saved.metadata.annotations;
  const failures = formatFailures(memory.failures);
  return child({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...metadataOf(installation, { ...saved.metadata.labels }),
      annotations: {
        ...annotations,
        [ANNOTATION.attempt]: formatAttempt(memory.attempt),
        ...(memory.stableVersion !== undefined && { [ANNOTATION.stableVersion]: memory.stableVersion }),
        ...(failures !== undefined && { [ANNOTATION.failed]: failures }),
      },
    },
    spec: saved.spec,
  });
}
