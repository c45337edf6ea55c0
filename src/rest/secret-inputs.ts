import { randomBytes } from 'node:crypto';
import { API_VERSION, INSTALLATION_KIND, LABEL } from '../api/names.ts';
import type { Observed } from '../plan/state/observed.ts';
import type { Caches } from '../reconcile/caches.ts';
import type { Raw } from '../reconcile/raw.ts';
import { SECRETS } from '../reconcile/resources.ts';
import { ApiError } from '../cluster/errors.ts';
import type { Live, Look } from './installations.ts';

/**
 * Values of secret inputs that came in a request. They go into a Secret of the tenant, written with the token of the caller, and
 * the spec refers to it. Each request makes a Secret of its own: the one before stays for as long as a rollout may go back to it.
 */
export interface SecretInputs {
  /** Of the Secret. */
  readonly name: string;
  /** By the name of the input. */
  readonly values: Readonly<Record<string, string>>;
}

/** Kubernetes allows 253 characters, and an installation has at most 52. */
export function newSecretName(installation: string): string {
  return `${installation}-inputs-${randomBytes(5).toString('hex')}`;
}

/** Makes it, owned by the installation where there is one already; returns how to take it back. */
export async function makeSecret(
  { cluster }: Look,
  installation: { readonly namespace: string; readonly name: string; readonly uid: string | undefined },
  { name, values }: SecretInputs,
  dry: { readonly dryRun: boolean },
): Promise<() => Promise<void>> {
  const { namespace, uid } = installation;
  const owner = uid === undefined ? {} : ownedBy(installation.name, uid);
  const made = await cluster.create<Raw>(
    SECRETS,
    {
      metadata: { name, namespace, labels: { [LABEL.inputs]: installation.name }, ...owner },
      type: 'Opaque',
      stringData: values,
    } as { metadata: { name: string; namespace: string } },
    dry,
  );
  return async () => {
    if (!dry.dryRun) {
      await cluster.remove(SECRETS, { name, namespace, uid: made.metadata.uid }, dry);
    }
  };
}

/** Lets it go with the installation, once there is one. */
export async function adoptSecret({ cluster }: Look, { view }: Live, name: string): Promise<void> {
  const { namespace } = view;
  const secret = await cluster.read<Raw>(SECRETS, { name, namespace });
  if (secret) {
    const patch = { metadata: ownedBy(view.name, view.uid) };
    await cluster.patch(SECRETS, { ...secret.metadata, namespace }, patch, { dryRun: false });
  }
}

function ownedBy(name: string, uid: string) {
  return { ownerReferences: [{ apiVersion: API_VERSION, kind: INSTALLATION_KIND, name, uid }] };
}

/** A request that is under way has made its Secret, and nothing refers to it yet. */
const YOUNG_MS = 10 * 60_000;

/**
 * Removes the Secrets of earlier requests that nothing refers to any more: neither the spec nor a rollout that may come back.
 * Where the caller may not list or delete Secrets they stay.
 */
export async function sweepSecrets({ cluster }: Look, { view }: Live, caches: Caches, now: number): Promise<void> {
  try {
    const found = await cluster.list<Raw>(SECRETS, view.namespace, { labelSelector: `${LABEL.inputs}=${view.name}` });
    const used = usedSecrets(view, caches.revisions.byIndex('installation', view.key));
    const strays = found.filter(
      ({ metadata: { name, creationTimestamp = '' } }) =>
        !used.has(name) && Date.parse(creationTimestamp) < now - YOUNG_MS,
    );
    for (const { metadata } of strays) {
      await cluster.remove(
        SECRETS,
        { name: metadata.name, namespace: view.namespace, uid: metadata.uid },
        { dryRun: false },
      );
    }
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
  }
}

function usedSecrets({ spec }: Live['view'], revisions: Observed['revisions']): ReadonlySet<string> {
  const ofSpec = (spec.userInputs ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.name ?? []);
  const ofRecords = revisions.flatMap((one) =>
    one.kind === 'record' ? (one.inputs ?? []).flatMap(({ secretKeyRef }) => secretKeyRef?.name ?? []) : [],
  );
  return new Set([...ofSpec, ...ofRecords]);
}

/** As if the Secret were there: the request that asks makes it right before it writes. */
export function withSecret(observed: Observed, name: string | undefined): Observed {
  const { references } = observed;
  return name === undefined
    ? observed
    : {
        ...observed,
        references: {
          content: (kind, of, key) =>
            kind === 'Secret' && of === name ? { kind: 'unwatched' } : references.content(kind, of, key),
        },
      };
}
