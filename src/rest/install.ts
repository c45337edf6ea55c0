import { ApiError } from '../cluster/errors.ts';
import { firstIssue } from '../api/field.ts';
import { hash } from '../api/hash.ts';
import { InstallationSpec } from '../api/installation.ts';
import { ANNOTATION } from '../api/names.ts';
import { outcomeOf } from '../plan/ask/outcome.ts';
import { prospectOf } from '../plan/ask/prospect.ts';
import { INSTALLATIONS } from '../reconcile/resources.ts';
import type { Changed, Terms } from './change.ts';
import type { Context } from './context.ts';
import { judgeRequest, rememberRequest } from './idempotency.ts';
import { liveOf, type Look, type RawInstallation } from './installations.ts';
import { notFound, refused, RestProblem } from './problem.ts';

/** What to install. */
export interface Wish {
  readonly namespace: string;
  /** Made of the name of the provider when absent. */
  readonly name: string | undefined;
  readonly spec: Readonly<Record<string, unknown>> & { readonly provider: string };
}

/** Creates an installation in the name of the caller. Under manual it is of the exact version that can be had now. */
export async function install(context: Context, look: Look, wish: Wish, terms: Terms): Promise<Changed> {
  const { namespace, spec: asked } = wish;
  const name = wish.name ?? nameFor(asked.provider);
  await demandRight(context, look, namespace);
  const { data: spec, error } = InstallationSpec.safeParse(asked);
  if (!spec) {
    throw new RestProblem(422, 'Invalid', `Correct ${firstIssue(error, 'spec')}`);
  }
  if (wish.name === undefined) {
    const replay = await demandNone(context, look, { namespace, provider: spec.provider, terms });
    if (replay) {
      return replay;
    }
  }
  const now = context.now();
  const observed = context.observeNew({ ...DRAFT, namespace, name, spec });
  const prospect = prospectOf(observed, now);
  if (prospect.problem) {
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
    spec: { ...asked, ...(version !== undefined && { version }) },
  };
  try {
    const live = liveOf(await look.cluster.create<RawInstallation>(INSTALLATIONS, object, terms));
    if (terms.dryRun) {
      return { live, isReplay: false, outcome: outcomeOf(undefined, prospect) };
    }
    context.offer(live);
    return { live, isReplay: false };
  } catch (problem) {
    if (!(problem instanceof ApiError) || problem.reason !== 'AlreadyExists') {
      throw problem;
    }
    return replayOf(context, look, { name, namespace }, terms);
  }
}

const DRAFT = {
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
async function demandRight({ access }: Context, { caller }: Look, namespace: string): Promise<void> {
  if (await access.may(caller, { verb: 'create', resource: INSTALLATIONS, namespace })) {
    return;
  }
  const isReadable = await access.may(caller, { verb: 'list', resource: INSTALLATIONS, namespace });
  throw isReadable
    ? new RestProblem(403, 'Forbidden', `Ask for the right to create providerinstallations in "${namespace}"`)
    : notFound(`There is no namespace "${namespace}" in which you can install anything`);
}

async function demandNone(
  context: Context,
  look: Look,
  { namespace, provider, terms }: { readonly namespace: string; readonly provider: string; readonly terms: Terms },
): Promise<Changed | undefined> {
  const live = await context.installations
    .ofProvider(look, { namespace, provider, name: undefined })
    .catch((error: unknown) => {
      if (error instanceof RestProblem && error.status === 404) {
        return undefined;
      }
      throw error;
    });
  if (!live) {
    return undefined;
  }
  if (judgeRequest(live.raw.metadata.annotations?.[ANNOTATION.requests], terms.keyed) === 'again') {
    return { live, isReplay: true };
  }
  throw alreadyInstalled(provider, live.view.name);
}

/** The same request may have created it a moment ago. */
async function replayOf(
  { installations }: Context,
  look: Look,
  name: { readonly name: string; readonly namespace: string },
  { keyed }: Terms,
): Promise<Changed> {
  const live = await installations.byName(look, name);
  if (judgeRequest(live.raw.metadata.annotations?.[ANNOTATION.requests], keyed) === 'again') {
    return { live, isReplay: true };
  }
  throw alreadyInstalled(live.view.spec.provider, name.name);
}

function alreadyInstalled(provider: string, name: string): RestProblem {
  return new RestProblem(
    409,
    'AlreadyExists',
    `Change the installation "${name}", or choose another name with ?installation=: "${provider}" is installed here already`,
  );
}

const LONGEST_NAME = 52;

/** A name that the Deployment and the Service can have, too. */
export function nameFor(provider: string): string {
  const plain = provider.replace('/', '--');
  const name = /^[a-z]/.test(plain) ? plain : `p-${plain}`;
  return name.length <= LONGEST_NAME
    ? name
    : `${name.slice(0, LONGEST_NAME - 17).replace(/-+$/, '')}-${hash(provider)}`;
}
