import { isNotFound, ApiError } from '../cluster/errors.ts';
import { InstallationSpec } from '../api/installation.ts';
import type { ObjectName } from '../cluster/resource.ts';
import type { JsonObject } from '../cluster/merge-patch.ts';
import { providerKey, type Caches } from '../reconcile/caches.ts';
import { projectInstallation, type InstallationView } from '../reconcile/project.ts';
import type { Raw } from '../reconcile/raw.ts';
import { INSTALLATIONS } from '../reconcile/resources.ts';
import type { Access } from './access.ts';
import type { Caller } from './callers.ts';
import type { CallersCluster } from './callers-cluster.ts';
import { createInOrder, type InOrder } from './in-order.ts';
import type { Owned } from './ownership.ts';
import { notFound, RestProblem } from './problem.ts';

/** An installation as the API server just gave it to the caller. */
export interface Live {
  readonly raw: RawInstallation;
  readonly view: InstallationView;
}

export interface RawInstallation extends Raw {
  readonly metadata: Raw['metadata'] & Owned;
  readonly spec?: JsonObject;
}

export function liveOf(raw: RawInstallation): Live {
  // A projection shares parts of what it was made from with the caches, and changes them.
  return { raw, view: projectInstallation(structuredClone(raw)) };
}

/** Who looks, and where. */
export interface Look {
  readonly caller: Caller;
  readonly cluster: CallersCluster;
}

export interface Installations {
  /** The one of a provider in a namespace, by name where there are several. */
  ofProvider(look: Look, where: { namespace: string; provider: string; name: string | undefined }): Promise<Live>;
  /** All of a provider in a namespace, as far as the caller may read them. */
  allOf(look: Look, namespace: string, provider: string): Promise<readonly Live[]>;
  /** What is written elsewhere nobody would act on. */
  isSeen(namespace: string): boolean;
  byUid(look: Look, uid: string): Promise<Live>;
  /** Undefined where there is none, or none that the caller may read. */
  named(look: Look, name: ObjectName): Promise<Live | undefined>;
  /** Those of a namespace that the caller may list, or of all, by name. */
  list(caller: Caller, namespace: string | undefined): Promise<InOrder>;
}

/**
 * Finds the name of an installation in the caches, and reads it with the token of the caller: so the answer shows what the
 * caller wrote a moment ago, and what the caller may not read is told like what is not there.
 */
export function createInstallations(caches: Caches, access: Access, namespaces: readonly string[]): Installations {
  const inOrder = createInOrder(caches);
  const isSeen = (namespace: string) => namespaces.length === 0 || namespaces.includes(namespace);

  async function read({ cluster }: Look, name: ObjectName): Promise<Live | undefined> {
    try {
      const raw = await cluster.read<RawInstallation>(INSTALLATIONS, name);
      return raw && liveOf(raw);
    } catch (error) {
      return unlessForbidden(error);
    }
  }

  /** What the caches have not seen yet, such as what another replica has just created. */
  async function search({ cluster }: Look, namespace: string, provider: string): Promise<readonly Live[]> {
    try {
      const found = await cluster.list<RawInstallation>(INSTALLATIONS, namespace, {
        fieldSelector: `spec.provider=${provider}`,
      });
      return found.map(liveOf);
    } catch (error) {
      return unlessForbidden(error) ?? [];
    }
  }

  async function oneOf(look: Look, namespace: string, provider: string): Promise<Live | undefined> {
    const known = caches.installations
      .byIndex('provider', providerKey(provider))
      .filter((one) => one.namespace === namespace);
    const [only] = known;
    const live = known.length === 1 && only ? await read(look, only) : undefined;
    if (live?.view.spec.provider === provider) {
      return live;
    }
    const found = await search(look, namespace, provider);
    if (found.length > 1) {
      throw ambiguous(provider, found);
    }
    return found[0];
  }

  return {
    async ofProvider(look, { namespace, provider, name }) {
      // In a selector of fields, other texts would say more than the name of a provider.
      const isName = InstallationSpec.shape.provider.safeParse(provider).success;
      const find = () => (name === undefined ? oneOf(look, namespace, provider) : read(look, { name, namespace }));
      const live = isName && isSeen(namespace) ? await find() : undefined;
      if (live?.view.spec.provider !== provider) {
        throw notFound(`Install "${provider}" first: it is not installed here`);
      }
      return live;
    },

    allOf: search,
    isSeen,

    async byUid(look, uid) {
      const [known] = caches.installations.byIndex('uid', uid);
      const live = known && (await read(look, known));
      if (live?.view.uid !== uid) {
        throw notFound('Correct the id: there is no such installation');
      }
      return live;
    },

    named: read,

    async list(caller, namespace) {
      const isHere = namespace === undefined || isSeen(namespace);
      if (!isHere || !(await access.may(caller, { verb: 'list', resource: INSTALLATIONS, namespace }))) {
        throw notFound(
          namespace === undefined
            ? 'Name a namespace with the header X-Namespace or with ?namespace=: you cannot list all of them'
            : `There is no namespace "${namespace}" in which you can list installations`,
        );
      }
      return inOrder(namespace);
    },
  };
}

/** The API server does not say whether what is forbidden is there, nor do we. */
function unlessForbidden(error: unknown): undefined {
  if (isNotFound(error) || (error instanceof ApiError && error.status === 403)) {
    return undefined;
  }
  throw error;
}

function ambiguous(provider: string, found: readonly Live[]): RestProblem {
  const names = found.map(({ view }) => `"${view.name}"`).sort();
  return new RestProblem(
    409,
    'SeveralInstallations',
    `Choose one with ?installation=: "${provider}" is installed here as ${names.join(', ')}`,
  );
}
