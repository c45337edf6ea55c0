import { randomBytes } from 'node:crypto';
import { ApiError } from '../cluster/errors.ts';
import { firstIssue } from '../api/field.ts';
import { hash } from '../api/hash.ts';
import { InstallationSpec } from '../api/installation.ts';
import { ANNOTATION } from '../api/names.ts';
import { outcomeOf } from '../plan/ask/outcome.ts';
import { prospectOf } from '../plan/ask/prospect.ts';
import { INSTALLATIONS } from '../reconcile/resources.ts';
import { isReplay, type Changed, type Terms } from './change.ts';
import type { Context } from './context.ts';
import { rememberRequest, type KeyedRequest } from './idempotency.ts';
import { liveOf, type Live, type Look, type RawInstallation } from './installations.ts';
import { makeSecret, newSecretName, withSecret, type SecretInputs } from './secret-inputs.ts';
import { notFound, refused, RestProblem } from './problem.ts';

/** What to install. */
export interface Wish {
  readonly namespace: string;
  /** Made of the name of the provider when absent. */
  readonly name: string | undefined;
  readonly spec: Readonly<Record<string, unknown>> & { readonly provider: string };
  /** There may be others of the same provider. */
  readonly isOneOfMany?: boolean;
  /** Values of inputs that have to come from a Secret. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Creates an installation in the name of the caller. Under manual it is of the exact version that can be had now. */
export async function install(context: Context, look: Look, wish: Wish, terms: Terms): Promise<Changed> {
  const { namespace, spec: asked, isOneOfMany = false } = wish;
  await demandRight(context, look, namespace);
  const others = wish.name === undefined ? await context.installations.allOf(look, namespace, asked.provider) : [];
  const made = others.find((live) => isAgain(live, terms));
  if (made) {
    return { live: made, isReplay: true };
  }
  const [other] = others;
  if (other && !isOneOfMany) {
    throw alreadyInstalled(asked.provider, other.view.name);
  }
  const plain = wish.name ?? nameFor(asked.provider);
  const names = isOneOfMany ? [plain, nameOfAnother(plain, terms.keyed)] : [plain];
  return create(context, look, wish, other ? names.slice(1) : names, terms);
}

/** By the first of the names that is free. */
async function create(
  context: Context,
  look: Look,
  wish: Wish,
  [name = '', ...others]: readonly string[],
  terms: Terms,
): Promise<Changed> {
  const { namespace, spec: asked, secrets = {} } = wish;
  const secret = Object.keys(secrets).length === 0 ? undefined : { name: newSecretName(name), values: secrets };
  const given = secret ? withReferences(asked, secret) : asked;
  const { data: spec, error } = InstallationSpec.safeParse(given);
  if (!spec) {
    throw new RestProblem(422, 'Invalid', `Correct ${firstIssue(error, 'spec')}`);
  }
  const draft = context.observeNew({ ...DRAFT, namespace, name, spec });
  const prospect = prospectOf(withSecret(draft, secret?.name), context.now());
  if (prospect.problem) {
    // What is in the way may belong to the one that has this name already.
    const there = await context.installations.named(look, { name, namespace });
    if (there) {
      return taken(there);
    }
    throw refused(prospect.problem);
  }
  const version = spec.version ?? (spec.upgradePolicy === 'manual' ? prospect.goal : undefined);
  const { keyed } = terms;
  const object = {
    metadata: {
      name,
      namespace,
      ...(keyed && { annotations: { [ANNOTATION.requests]: rememberRequest(undefined, keyed) } }),
    },
    spec: { ...given, ...(version !== undefined && { version }) },
  };
  const made = secret && (await makeSecret(look, { namespace, name, uid: undefined }, secret, terms));
  try {
    const live = liveOf(await look.cluster.create<RawInstallation>(INSTALLATIONS, object, terms));
    if (terms.dryRun) {
      return { live, isReplay: false, outcome: outcomeOf(undefined, prospect) };
    }
    context.offer(live);
    await made?.adopt(live);
    return { live, isReplay: false };
  } catch (problem) {
    await made?.undo(problem);
    if (!(problem instanceof ApiError) || problem.reason !== 'AlreadyExists') {
      throw problem;
    }
    return taken(await context.installations.named(look, { name, namespace }));
  }

  /** The same request may have created it a moment ago. */
  function taken(there: Live | undefined): Promise<Changed> | Changed {
    if (there && isAgain(there, terms)) {
      return { live: there, isReplay: true };
    }
    if (others.length > 0) {
      return create(context, look, wish, others, terms);
    }
    throw alreadyInstalled(there?.view.spec.provider ?? asked.provider, name);
  }
}

function withReferences(asked: Wish['spec'], { name, values }: SecretInputs): Wish['spec'] {
  const inputs = (asked['userInputs'] ?? []) as readonly { readonly name: string }[];
  const refs = Object.keys(values).map((key) => ({ name: key, valueFrom: { secretKeyRef: { name, key } } }));
  return { ...asked, userInputs: [...inputs, ...refs] };
}

function isAgain({ raw }: Live, { keyed }: Terms): boolean {
  return isReplay(raw.metadata.annotations?.[ANNOTATION.requests], keyed);
}

/** What an installation is before it is there, but for its name and what it asks for. */
export const DRAFT = {
  uid: '',
  resourceVersion: '',
  generation: 1,
  deleting: false,
  retry: undefined,
  restart: undefined,
  invalid: undefined,
  status: {},
};

/** What is in a namespace decides some answers, so that who may not write there gets none of them. */
export async function demandRight(
  { access, installations }: Context,
  { caller }: Look,
  namespace: string,
): Promise<void> {
  const isHere = installations.isSeen(namespace);
  if (isHere && (await access.may(caller, { verb: 'create', resource: INSTALLATIONS, namespace }))) {
    return;
  }
  const isReadable = isHere && (await access.may(caller, { verb: 'list', resource: INSTALLATIONS, namespace }));
  throw isReadable
    ? new RestProblem(403, 'Forbidden', `Ask for the right to create providerinstallations in "${namespace}"`)
    : notFound(`There is no namespace "${namespace}" in which you can install anything`);
}

function alreadyInstalled(provider: string, name: string): RestProblem {
  return new RestProblem(
    409,
    'AlreadyExists',
    `Change the installation "${name}", or choose another name with ?installation=: "${provider}" is installed here already`,
  );
}

const LONGEST_NAME = 52;
const TAIL_LENGTH = 10;

/** The same for each try of one request, so that two of them at once meet. */
function nameOfAnother(plain: string, keyed: KeyedRequest | undefined): string {
  const tail = keyed?.key.slice(0, TAIL_LENGTH) ?? randomBytes(TAIL_LENGTH / 2).toString('hex');
  return `${plain.slice(0, LONGEST_NAME - TAIL_LENGTH - 1).replace(/-+$/, '')}-${tail}`;
}

/** A name that the Deployment and the Service can have, too. */
export function nameFor(provider: string): string {
  const plain = provider.replace('/', '--');
  const name = /^[a-z]/.test(plain) ? plain : `p-${plain}`;
  return name.length <= LONGEST_NAME
    ? name
    : `${name.slice(0, LONGEST_NAME - 17).replace(/-+$/, '')}-${hash(provider)}`;
}
