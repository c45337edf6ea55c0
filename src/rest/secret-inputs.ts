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

/** What becomes of a Secret after the write of the installation that refers to it. */
export interface MadeSecret {
  /** Lets it go with an installation that was not there before. */
  adopt(installation: Live): Promise<void>;
  /** Takes it back, where the error says that nothing refers to it. */
  undo(error: unknown): Promise<void>;
}

/** Makes it, owned by the installation where there is one already. */
export async function makeSecret(
  { cluster }: Look,
  installation: { readonly namespace: string; readonly name: string; readonly uid: string | undefined },
  { name, values }: SecretInputs,
  dry: { readonly dryRun: boolean },
): Promise<MadeSecret> {
  const { namespace, uid } = installation;
  const owner = uid === undefined ? {} : ownedBy(installation.name, uid);
  const { metadata } = await cluster.create<Raw>(
    SECRETS,
    {
      metadata: { name, namespace, labels: { [LABEL.inputs]: installation.name }, ...owner },
      type: 'Opaque',
      stringData: values,
    } as { metadata: { name: string; namespace: string } },
    dry,
  );
  const seen = { ...metadata, namespace };
  return {
    adopt: ({ view }) =>
      asFarAsPossible(() => cluster.patch(SECRETS, seen, { metadata: ownedBy(view.name, view.uid) }, dry)),
    async undo(error) {
      if (!dry.dryRun && isRefusal(error)) {
        await asFarAsPossible(() => cluster.remove(SECRETS, { name, namespace, uid: metadata.uid }, dry));
      }
    },
  };
}

/** Where no answer came, or the server failed, it may have been written all the same, and the Secret be needed. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

/** The installation is written, or is not, whatever else the caller may do to Secrets: what stays is swept later. */
async function asFarAsPossible(deed: () => Promise<unknown>): Promise<void> {
  try {
    await deed();
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
  }
}

function ownedBy(name: string, uid: string) {
  return { ownerReferences: [{ apiVersion: API_VERSION, kind: INSTALLATION_KIND, name, uid }] };
}

/** A request that is under way has made its Secret, and nothing refers to it yet. */
const YOUNG_MS = 10 * 60_000;

/**
 * Removes the Secrets of earlier requests that nothing in the namespace refers to any more: neither a spec nor a rollout that may
 * come back. They are those of this installation, and those that were made for one that never came or is gone. Where the caller
 * may not list or delete Secrets they stay.
 */
export async function sweepSecrets({ cluster }: Look, { view }: Live, caches: Caches, now: number): Promise<void> {
  const { namespace } = view;
  // Who does not see everything takes what is used for what is not.
  if (!caches.isLive()) {
    return;
  }
  await asFarAsPossible(async () => {
    const found = await cluster.list<Raw>(SECRETS, namespace, { labelSelector: LABEL.inputs });
    const all = [view, ...caches.installations.byIndex('namespace', namespace)];
    const used = new Set(all.flatMap((one) => usedSecrets(one, caches.revisions.byIndex('installation', one.key))));
    const others = new Set(all.map(({ name }) => name).filter((name) => name !== view.name));
    const strays = found.filter(
      ({ metadata: { name, labels, creationTimestamp = '' } }) =>
        !used.has(name) && !others.has(labels?.[LABEL.inputs] ?? '') && Date.parse(creationTimestamp) < now - YOUNG_MS,
    );
    for (const { metadata } of strays) {
      await cluster.remove(SECRETS, { name: metadata.name, namespace, uid: metadata.uid }, { dryRun: false });
    }
  });
}

function usedSecrets({ spec }: Live['view'], revisions: Observed['revisions']): readonly string[] {
  const ofSpec = (spec.userInputs ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.name ?? []);
  const ofRecords = revisions.flatMap((one) =>
    one.kind === 'record' ? (one.inputs ?? []).flatMap(({ secretKeyRef }) => secretKeyRef?.name ?? []) : [],
  );
  return [...ofSpec, ...ofRecords];
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
