import { expect } from 'vitest';
import type { ProviderStatus } from '../../../src/api/provider.ts';
import { timestamp } from '../../../src/api/time.ts';
import { providerStatus } from '../../../src/plan/tell/provider-status.ts';
import { shelf } from '../../support/builders.ts';
import { World } from '../../support/world.ts';
import type { Application, Publication } from './application.ts';
import type { Event, Wish } from './event.ts';
import type { Tenant } from './tenants.ts';

const DAY = 86_400_000;
/** Releases come out at noon; people look in the morning. */
const NOON = DAY / 2;
const MORNING = DAY / 3;
/** More than the longest path has. */
const MOST_ROLLOUTS = 50;

/**
 * Plays the years from the day on which a tenant installs a version until all that was published has been taken, or will never
 * be. Every release is seen on its day. The operator looks whenever something changes and whenever its plan says that the
 * clock does.
 */
export function live(
  { releases, failsHere }: Application,
  publications: readonly Publication[],
  tenant: Tenant,
  from: string,
): readonly Event[] {
  const begin = releases.find(([version]) => version === from)?.[1] ?? '';
  const all = new Map(publications.map((publication) => [publication.day, publication]));
  const looking = lookingDays(begin, publications.at(-1)?.day ?? '', tenant);
  const life = new Life(failsHere, tenant, from, Date.parse(begin) + NOON);
  for (const day of [...new Set([...all.keys(), ...looking])].filter((day) => day >= begin).sort()) {
    if (looking.includes(day)) {
      life.waitUntil(Date.parse(day) + MORNING);
      life.doAsTold();
    }
    const publication = all.get(day);
    if (publication) {
      life.waitUntil(Date.parse(day) + NOON);
      life.publish(publication);
    }
  }
  life.waitUntil(life.now + 30 * DAY);
  return life.events;
}

/** He looks twice after the last release: what he took first may have failed. */
function lookingDays(begin: string, end: string, { looks }: Tenant): readonly string[] {
  if (!looks) {
    return [];
  }
  const step = looks.everyDays * DAY;
  const count = Math.floor((Date.parse(end) - Date.parse(begin)) / step) + 2;
  return Array.from({ length: count }, (_, index) => dayOf(Date.parse(begin) + (index + 1) * step));
}

function dayOf(ms: number): string {
  return timestamp(ms).slice(0, 10);
}

class Life {
  readonly events: Event[] = [];
  readonly #failsHere: Application['failsHere'];
  readonly #tenant: Tenant;
  readonly #world: World;
  #provider: ProviderStatus = {};
  /** When the operator looks again by itself. */
  #next = Number.POSITIVE_INFINITY;

  constructor(failsHere: Application['failsHere'], tenant: Tenant, from: string, now: number) {
    this.#failsHere = failsHere;
    this.#tenant = tenant;
    this.#world = new World(undefined, { ...tenant.spec, version: from });
    this.#world.now = now;
  }

  get now(): number {
    return this.#world.now;
  }

  publish({ news, catalogue }: Publication): void {
    const published = { generation: 1, invalid: undefined, catalogue, status: this.#provider };
    this.#provider = providerStatus(published, shelf(), this.now);
    this.#world.publish(catalogue);
    this.#world.observed = { ...this.#world.observed, firstSeen: this.#provider.firstSeen };
    this.#add({ kind: 'news', words: news });
    this.#go();
  }

  doAsTold(): void {
    const wish = this.#tenant.looks?.sets === 'level' ? this.#levelTold() : this.#versionTold();
    if (wish) {
      this.#add(wish);
      const { spec } = this.#world.observed.installation;
      const { field, value } = wish;
      this.#world.edit(
        field === 'version' ? { version: value } : { upgrade: { ...spec.upgrade, level: value as 'major' } },
      );
      this.#go();
    }
  }

  waitUntil(end: number): void {
    for (;;) {
      const next = this.#next;
      if (next > end) {
        this.#world.now = end;
        return;
      }
      this.#world.now = next;
      this.#go();
    }
  }

  /** What to set for the newer release; where what was set has failed, what to set to be rid of it. */
  #versionTold(): Wish | undefined {
    const [, newer] = /^Set version (\S+) to take it/.exec(this.#condition('UpdateAvailable')?.message ?? '') ?? [];
    const [, before] = /^Set version (\S+) to stay/.exec(this.#condition('Ready')?.message ?? '') ?? [];
    const value = newer ?? before;
    return value === undefined ? undefined : { kind: 'wish', field: 'version', value };
  }

  #levelTold(): Wish | undefined {
    const [, value] = /or set upgrade\.level (\w+)/.exec(this.#condition('UpdateAvailable')?.message ?? '') ?? [];
    return value === undefined ? undefined : { kind: 'wish', field: 'upgrade.level', value };
  }

  /** The operator and the Deployment controller do what is to be done. */
  #go(): void {
    this.#settle();
    for (let rollout = 0; this.#isRollingOut(); rollout += 1) {
      if (rollout > MOST_ROLLOUTS) {
        expect.fail('It never stops rolling out');
      }
      this.#rollOut();
    }
    this.#listen();
  }

  #settle(): void {
    const { requeueAfterMs = Number.POSITIVE_INFINITY } = this.#world.settle();
    this.#next = this.now + requeueAfterMs;
  }

  #isRollingOut(): boolean {
    const { deployment } = this.#world.observed;
    return deployment !== undefined && deployment.progress !== 'NewReplicaSetAvailable';
  }

  #rollOut(): void {
    const { head, status, observed } = this.#world;
    const to = observed.deployment?.version ?? '';
    const from = status.currentVersion;
    const isAutomatic = head?.trigger === 'Policy';
    const failed = from !== to && to in this.#failsHere;
    if (failed) {
      this.#crash();
    } else {
      this.#world.rollOut();
    }
    // What is brought back is no rollout of its own.
    if (from !== to) {
      this.#add({ kind: 'rollout', from, to, isAutomatic, failed });
    }
    this.#settle();
  }

  #crash(): void {
    this.#world.pod({ restarts: 3 });
    this.#world.fail();
    this.#world.settle();
    this.#world.observed = { ...this.#world.observed, pods: [] };
  }

  #listen(): void {
    const told = this.#condition('UpdateAvailable');
    const before = this.events.findLast((event) => event.kind === 'message');
    if (told && (before?.reason !== told.reason || before.text !== told.message)) {
      this.#add({ kind: 'message', reason: told.reason, text: told.message });
    }
  }

  #condition(type: string) {
    return this.#world.status.conditions?.find((condition) => condition.type === type);
  }

  #add(event: Event extends infer E ? (E extends { kind: unknown } ? Omit<E, 'at'> : never) : never): void {
    this.events.push({ at: timestamp(this.now), ...event });
  }
}
