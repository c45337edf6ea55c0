import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../../../src/api/conditions.ts';
import type { Release } from '../../../src/api/provider.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import { keyOf } from '../cluster/server.ts';
import { driftOptions, lastWord, prepare, wishOptions } from './chaos/chaos.ts';
import { strangersIn } from './people/deployments.ts';
import { faultOptions } from './chaos/faults.ts';
import { childrenOf, misplacedChildren } from './oracles/outcome.ts';
import { damageUnderFault } from './faulty-wish.ts';
import { configure, install, publish, published, restartOf, specOf, statusOf, wishRestart } from './people/people.ts';
import type { PlantedBug } from './planted-bugs.ts';
import {
  failedBeforeLastWish,
  headOf,
  isBackToWhatWasFound,
  isMarked,
  ranOutBeforeLastWish,
} from './oracles/records.ts';
import { Simulation, Violation, type Option } from './simulation.ts';
import { stockLastSoftware } from './chaos/software-chaos.ts';

/** The numbers of actions in each part of a seed: of publishers and tenants (wishes), and of others (drifts). */
const WISHES = 4;
const DRIFTS = 2;
const CHAPTERS = 2;
const LATE_DRIFTS = 2;
/** How likely it is that everybody waits, after a chapter, until the cluster is at rest. */
const RESTS = 0.5;

interface LifeOptions extends Pick<PlantedBug, 'plant' | 'config'> {
  /** Whether the status of an installation is wiped each time the operator has written one of its children. */
  readonly isForgetful?: boolean;
}

/** Runs one seed and returns its simulation, whose `violations` say what did not hold. */
export async function liveThrough(seed: number, more: LifeOptions = {}): Promise<Simulation> {
  const { plant: wrap, config, isForgetful = false } = more;
  const simulation = new Simulation({ seed, isForgetful, ...(wrap && { wrap }), ...(config && { config }) });
  try {
    await live(simulation);
  } catch (error) {
    if (!(error instanceof Violation)) {
      throw error;
    }
    simulation.violate(error.message);
  }
  return simulation;
}

async function live(simulation: Simulation): Promise<void> {
  prepare(simulation);
  simulation.startOperator();
  await simulation.drain();
  for (let chapter = 0; chapter < CHAPTERS; chapter += 1) {
    await disturb(simulation, { wishes: WISHES, drifts: DRIFTS });
    if (simulation.random.chance(RESTS)) {
      await simulation.rest();
      judgeRest(simulation);
    }
  }
  const last = { word: lastWord(simulation), at: simulation.clock.now() };
  simulation.note(`the last word is ${last.word}`);
  await disturb(simulation, { wishes: 0, drifts: LATE_DRIFTS });
  simulation.note('no more faults');
  await simulation.rest();
  await judgeEnd(simulation, last);
  await damageUnderFault(simulation);
  await simulation.stopOperator();
}

/** Runs the cluster, with faults at any time, until the actions that are `left` have been done. */
async function disturb(simulation: Simulation, left: { wishes: number; drifts: number }): Promise<void> {
  const { random, deployments } = simulation;
  // Nobody asks again after the last word, so time must not run out for it while the cluster has work to do.
  const isLast = left.wishes === 0;
  while (left.wishes + left.drifts > 0) {
    const wish: Option = {
      weight: left.wishes > 0 ? 0.6 : 0,
      name: 'people',
      run() {
        left.wishes -= 1;
        runOne(wishOptions(simulation));
      },
    };
    const drift: Option = {
      weight: left.drifts > 0 ? 0.4 : 0,
      name: 'others',
      run() {
        left.drifts -= 1;
        runOne(driftOptions(simulation));
      },
    };
    const options = [...simulation.ownOptions(), ...simulation.clusterOptions(), ...faultOptions(simulation)];
    if (random.chance(0.05)) {
      // Only a little time passes while something is under way.
      const isBusy = simulation.process?.requests.length || (isLast && deployments.work.length > 0);
      await simulation.advance(isBusy ? 1_000 : 60_000);
    } else {
      await simulation.step([...options, wish, drift]);
    }
  }

  function runOne(options: readonly Option[]): void {
    if (options.length > 0) {
      const option = random.weighted(options);
      simulation.note(`  ${option.name}`);
      option.run();
    }
  }
}

/** Reasons for an installation to be at rest that is neither ready nor stalled: it waits for something. */
const WAITING: ReadonlySet<string> = new Set(['Suspended', 'Drifted', 'Unavailable']);

function judgeRest(simulation: Simulation): void {
  for (const installation of simulation.server.list(KINDS.ProviderInstallation)) {
    const { conditions = [], observedGeneration } = statusOf(installation);
    const ready = findCondition(conditions, 'Ready');
    const isStalled = findCondition(conditions, 'Stalled')?.status === 'True';
    const isAtRest = ready?.status === 'True' || isStalled || WAITING.has(ready?.reason ?? '');
    if (!isAtRest || observedGeneration !== installation.metadata.generation) {
      simulation.violate(
        `${keyOf(installation.metadata)} rests as ${ready?.status} ${ready?.reason}: ${ready?.message}`,
      );
    }
    judgeProof(simulation, installation);
    judgePods(simulation, installation);
  }
}

/** Nothing of others is in the pods of who is Ready at rest. */
function judgePods(simulation: Simulation, installation: ApiObject): void {
  const key = keyOf(installation.metadata);
  const deployment = simulation.server.get(KINDS.Deployment, key);
  const isReady = findCondition(statusOf(installation).conditions, 'Ready')?.status === 'True';
  const strangers = isReady && specOf(installation).suspend !== true && deployment && strangersIn(deployment);
  if (strangers) {
    simulation.violate(`the pods of ${key} have what others put there: ${strangers}`);
  }
}

/** A rollout that runs well at rest must have been marked as proven. */
function judgeProof(simulation: Simulation, installation: ApiObject): void {
  const { server } = simulation;
  const deployment = server.get(KINDS.Deployment, keyOf(installation.metadata));
  const isReady = findCondition(statusOf(installation).conditions, 'Ready')?.status === 'True';
  if (isReady && deployment && !isMarked(headOf(server, deployment), 'proven')) {
    simulation.violate(`${keyOf(installation.metadata)} is Ready at rest and was never marked as done`);
  }
}

async function judgeEnd(simulation: Simulation, last: { word: string; at: number }): Promise<void> {
  const { server } = simulation;
  misplacedChildren(server).forEach((child) => simulation.violate(child));
  for (const installation of server.list(KINDS.ProviderInstallation)) {
    const key = keyOf(installation.metadata);
    const isOver =
      failedBeforeLastWish(server, key, last.word) ||
      ranOutBeforeLastWish(server, key, last.at) ||
      isBackToWhatWasFound(server, key);
    if (isOver) {
      continue;
    }
    judgeProof(simulation, installation);
    const status = statusOf(installation);
    const ready = findCondition(status.conditions, 'Ready');
    const isUpToDate =
      ready?.status === 'True' &&
      status.observedGeneration === installation.metadata.generation &&
      status.currentVersion === last.word &&
      status.installedVersion === last.word;
    if (!isUpToDate) {
      simulation.violate(
        `${key} ends as ${ready?.status} ${ready?.reason} with ${status.currentVersion}: ${ready?.message}`,
      );
    }
    const restart = restartOf(installation, server.get(KINDS.Deployment, key));
    const expected = await freshlyInstalled(published(server), installation, restart);
    const children = withoutCaution(childrenOf(server, key));
    if (!isDeepStrictEqual(children, expected)) {
      simulation.violate(
        `the children of ${key} are not those of a fresh installation: ${differenceOf(children, expected)}`,
      );
    }
  }
}

const fresh = new Map<string, Record<string, unknown>>();

/** The children that the same wishes get in an empty cluster without a fault. */
async function freshlyInstalled(
  releases: readonly Release[],
  installation: ApiObject,
  restart: string | undefined,
): Promise<Record<string, unknown>> {
  const { name } = installation.metadata;
  const wish = specOf(installation);
  const id = JSON.stringify([releases.at(-1), name, wish, restart]);
  const known = fresh.get(id);
  if (known) {
    return known;
  }
  const simulation = new Simulation({ seed: 0, isOrderly: true });
  configure(simulation.server, 'settings', { level: 'warn' });
  stockLastSoftware(simulation.server);
  publish(simulation.server, ...releases);
  install(simulation.server, name, wish);
  wishRestart(simulation.server, name, restart);
  await simulation.rest();
  const children = withoutCaution(childrenOf(simulation.server, `shop/${name}`));
  await simulation.stopOperator();
  fresh.set(id, children);
  return children;
}

/** Not compared: these matter only to pods that replace others, and change only together with the template. */
const CAUTION: ReadonlySet<string> = new Set(['minReadySeconds', 'progressDeadlineSeconds']);

function withoutCaution(children: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(children, (name, value: unknown) => (CAUTION.has(name) ? undefined : value)),
  ) as Record<string, unknown>;
}

function differenceOf(a: unknown, b: unknown, path = ''): string {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${path} is ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`;
  }
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  const member = (of: object, name: string): unknown => (of as Record<string, unknown>)[name];
  const differing = [...names].filter((name) => !isDeepStrictEqual(member(a, name), member(b, name)));
  return differing.map((name) => differenceOf(member(a, name), member(b, name), `${path}.${name}`)).join(', ');
}
