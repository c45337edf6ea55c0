import fc from 'fast-check';
import semver from 'semver';
import { expect, it } from 'vitest';
import type { Release } from '../../../../src/api/provider.ts';
import { parseRange } from '../../../../src/api/range.ts';
import type { SoftwareDependency, SoftwareRelease, SoftwareWish } from '../../../../src/api/software.ts';
import { changeBetween } from '../../../../src/plan/catalogue/level.ts';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import type { Movement, SoftwareInput } from '../../../../src/plan/software/resolution.ts';
import { isSameSet, type SoftwareSet } from '../../../../src/plan/software/set.ts';
import { config, release, shelf, software, softwareRelease } from '../../../support/builders.ts';

const NAMES = ['icu', 'node', 'php', 'zlib'] as const;
const VERSIONS = ['1.0.0', '1.0.1', '1.1.0', '2.0.0', '2.0.0-rc.1'] as const;

const version = fc.constantFrom(...VERSIONS);
const stage = fc.constantFrom('supported', 'supported', 'supported', 'supported', 'deprecated', 'preview', 'yanked');

function dependencies(max: number) {
  const range = fc.constantFrom('*', '*', '^1.0.0', '~1.0.0', '>=1.0.1', '^2.0.0', '<2.0.0', '1.1.0');
  return fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), range }), {
    selector: (d) => d.name,
    maxLength: max,
  });
}

const versions = fc.uniqueArray(
  fc.record({ version, stage, isForeign: fc.nat(15).map((n) => n === 0), dependencies: dependencies(1) }),
  { selector: (v) => v.version, minLength: 2, maxLength: 5 },
);

const world = fc.record({
  published: fc.record({ icu: versions, node: versions, php: versions, zlib: versions }),
  missing: fc.subarray([...NAMES], { maxLength: 1 }),
  needs: dependencies(3),
  wishes: fc.uniqueArray(
    fc.record(
      { name: fc.constantFrom(...NAMES), version, updatePolicy: fc.constantFrom('none', 'patchLevel', 'all') },
      { requiredKeys: ['name', 'updatePolicy'] },
    ),
    { selector: (w) => w.name, maxLength: 2 },
  ),
  stable: fc.dictionary(fc.constantFrom(...NAMES), version).map((all): SoftwareSet => new Map(Object.entries(all))),
  avoided: fc.uniqueArray(
    fc.tuple(fc.constantFrom(...NAMES), version).map(([n, v]) => `${n}=${v}`),
    { maxLength: 3 },
  ),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

interface Question {
  readonly input: SoftwareInput;
  readonly of: Release;
}

function questionOf(
  { published, missing, needs, wishes, stable, avoided }: World,
  reorder = <T>(list: readonly T[]) => list,
): Question {
  const releases = (name: (typeof NAMES)[number]) =>
    reorder(published[name]).map((v): SoftwareRelease => ({
      ...softwareRelease(name, v.version),
      lifecycle: { stage: v.stage },
      dependencies: [...reorder(v.dependencies)],
      ...(v.isForeign && { provides: { image: 'elsewhere.example.com/x:1', path: '/x', mountPath: `/opt/${name}` } }),
    }));
  return {
    input: {
      spec: { provider: 'acme/web', upgradePolicy: 'auto', systemSoftware: [...reorder(wishes)] },
      shelf: shelf(...NAMES.filter((n) => !missing.includes(n)).map((n) => software(n, ...releases(n)))),
      stable: new Map(reorder([...stable])),
      avoided: new Set(reorder(avoided)),
      config: { ...config, allowedImagePrefixes: ['registry.example.com'] },
      now: 0,
    },
    of: release('1.0.0', { systemSoftwareDependencies: [...reorder(needs)] }),
  };
}

function answer({ input, of }: Question, movement: Movement = 'stay'): SoftwareSet | undefined {
  const found = softwareFinder(input).resolve(of, movement);
  return found.kind === 'problem' ? undefined : found.set;
}

function wishFor(name: string, { spec }: SoftwareInput): SoftwareWish | undefined {
  return spec.systemSoftware?.find((w) => w.name === name);
}

function findSoftware(name: string, wanted: string, { shelf: all }: SoftwareInput): SoftwareRelease | undefined {
  return all.get(name)?.releases.find((r) => r.version === wanted);
}

/** Whether a version may be taken at all, whoever needs it. */
function isTakeable(name: string, wanted: string, input: SoftwareInput, movement: Movement = 'stay'): boolean {
  const isStable = input.stable.get(name) === wanted;
  // An update does not judge a stable version that stays: nobody asked for it.
  if (isStable && movement === 'update') {
    return true;
  }
  const { version: named, updatePolicy } = wishFor(name, input) ?? {};
  if (named !== undefined && (updatePolicy === 'none' ? wanted !== named : semver.lt(wanted, named))) {
    return false;
  }
  if (isStable) {
    return true;
  }
  const { lifecycle, provides } = findSoftware(name, wanted, input) ?? { lifecycle: { stage: 'yanked' } };
  const isForEverybody = lifecycle?.stage !== 'preview' && !wanted.includes('-');
  return (
    lifecycle?.stage !== 'yanked' &&
    (isForEverybody || wanted === named) &&
    provides?.image?.startsWith('registry.example.com/') === true
  );
}

function needsOf(set: SoftwareSet, { input, of }: Question): readonly SoftwareDependency[] {
  return [
    ...(of.systemSoftwareDependencies ?? []),
    ...(input.spec.systemSoftware ?? []).map(({ name }) => ({ name, range: '*' })),
    ...[...set].flatMap(([name, taken]) => findSoftware(name, taken, input)?.dependencies ?? []),
  ];
}

/** Whether the set has a suitable version of everything that is needed, and nothing else. */
function isValid(set: SoftwareSet, question: Question, movement?: Movement): boolean {
  const needs = needsOf(set, question);
  return (
    [...set].every(([name, taken]) => isTakeable(name, taken, question.input, movement)) &&
    needs.every(({ name, range }) => parseRange(range)?.hasNumbers(set.get(name) ?? '') === true) &&
    isReached(set, question)
  );
}

/**
 * Whether the needs of the release and of the tenant lead to every member. Two that only need each other are not
 * reached.
 */
function isReached(set: SoftwareSet, question: Question): boolean {
  const reached = new Set<string>();
  const open = needsOf(new Map(), question).map((d) => d.name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (!reached.has(name)) {
      reached.add(name);
      open.push(...(findSoftware(name, set.get(name) ?? '', question.input)?.dependencies ?? []).map((d) => d.name));
    }
  }
  return reached.size === set.size;
}

/** Whether there is an answer at all, found by trying every combination. */
function hasAnswer(question: Question): boolean {
  const all = NAMES.reduce<readonly SoftwareSet[]>(
    (sets, name) => {
      const takeable = VERSIONS.filter((v) => isTakeable(name, v, question.input));
      return sets.flatMap((set) => [set, ...takeable.map((v) => new Map([...set, [name, v]]))]);
    },
    [new Map()],
  );
  return all.some((set) => isValid(set, question));
}

interface Facts {
  readonly given: World;
  readonly today: Question;
  /** Today's question with every list reversed. */
  readonly reversed: Question;
  /** The choice that was made when less was published and nothing was stable. */
  readonly before: SoftwareSet;
}

function factsOf(given: World): Facts {
  const { icu, node, php, zlib } = given.published;
  const some = { icu: icu.slice(0, 2), node: node.slice(0, 2), php: php.slice(0, 2), zlib: zlib.slice(0, 2) };
  return {
    given,
    today: questionOf(given),
    reversed: questionOf(given, (list) => list.toReversed()),
    before: answer(questionOf({ ...given, published: some, stable: new Map() })) ?? new Map<string, string>(),
  };
}

function withStable(question: Question, stable: SoftwareSet): Question {
  return { ...question, input: { ...question.input, stable } };
}

/** How often each law had a case to check: a law that was never checked proves nothing. */
const said = new Map<string, number>();

function says(law: string, holds: boolean): boolean {
  said.set(law, (said.get(law) ?? 0) + 1);
  return holds;
}

const LAWS: Readonly<Record<string, (facts: Facts, law: string) => boolean>> = {
  'whatever is chosen does for all that need it, and nothing is chosen that nobody needs': ({ today }, law) => {
    return (['stay', 'update'] as const).every((movement) => {
      const set = answer(today, movement);
      return set === undefined || says(law, isValid(set, today, movement));
    });
  },

  'if there is an answer at all, one is found': ({ today }, law) =>
    answer(today) !== undefined || says(law, !hasAnswer(today)),

  'what is stable stays if it can': ({ today, before: stable }, law) => {
    const question = withStable(today, stable);
    return (
      stable.size === 0 || !isValid(stable, question) || says(law, isSameSet(answer(question) ?? new Map(), stable))
    );
  },

  'the order of lists makes no difference, neither to the answer nor to its words': ({ today, reversed }, law) => {
    const [one, other] = [today, reversed].map(({ input, of }) => {
      const found = softwareFinder(input).resolve(of);
      return JSON.stringify(found.kind === 'problem' ? found : [...found.set]);
    });
    return says(law, one === other);
  },

  'an update goes neither down nor beyond the policy, nor to what failed': ({ given, today, before: stable }, law) => {
    const question = withStable(today, stable);
    const moves = [...(answer(question, 'update') ?? [])].filter(
      ([name, to]) =>
        stable.has(name) && stable.get(name) !== to && isTakeable(name, stable.get(name) ?? '', question.input),
    );
    return moves.every(([name, to]) => {
      const from = stable.get(name) ?? '';
      const policy = wishFor(name, question.input)?.updatePolicy ?? 'all';
      return says(
        law,
        semver.gt(to, from) &&
          (policy === 'all' || (policy === 'patchLevel' && changeBetween(from, to) === 'patch')) &&
          !given.avoided.includes(`${name}=${to}`),
      );
    });
  },

  'what was updated is not updated once more, as long as all of it is still needed': ({ today, before }, law) => {
    const once = answer(withStable(today, before), 'update');
    const twice = once && answer(withStable(today, once), 'update');
    // A software that is no longer needed holds nothing back: without icu, zlib may move to a version that needs an
    // older icu.
    const isFreed = once && [...before.keys()].some((name) => !once.has(name));
    return !once || !twice || isFreed || says(law, isSameSet(once, twice));
  },
};

it('holds its laws for any catalogue', () => {
  fc.assert(
    fc.property(world, (given) => {
      const facts = factsOf(given);
      const broken = Object.entries(LAWS).filter(([law, holds]) => !holds(facts, law));

      expect(broken.map(([law]) => law)).toEqual([]);
    }),
    { numRuns: 1000 },
  );

  for (const law of Object.keys(LAWS)) {
    expect(said.get(law), law).toBeGreaterThan(5);
  }
});

it('gives up a hostile catalogue at once, and so for each release', () => {
  const names = Array.from({ length: 16 }, (_, i) => `s${i.toString(36)}`);
  const needs = names.map((name) => ({ name, range: '*' }));
  const { input } = questionOf({
    published: { icu: [], node: [], php: [], zlib: [] },
    missing: [],
    needs: [],
    wishes: [],
    stable: new Map(),
    avoided: [],
  });
  /** Processor time for fifty releases, in milliseconds. */
  const costOf = (
    needsOf: (i: number, j: number) => SoftwareRelease['dependencies'],
    kind: 'problem' | 'resolution',
  ) => {
    const releases = (name: string, i: number) =>
      Array.from({ length: 200 }, (_, j) => softwareRelease(name, `1.${j}.0`, { dependencies: needsOf(i, j) }));
    const finder = softwareFinder({
      ...input,
      shelf: shelf(...names.map((name, i) => software(name, ...releases(name, i)))),
    });
    const begin = process.threadCpuUsage();
    const answers = Array.from({ length: 50 }, (_, i) =>
      finder.resolve(release(`1.${i}.0`, { systemSoftwareDependencies: needs })),
    );
    const { user, system } = process.threadCpuUsage(begin);
    expect(answers.filter((a) => a.kind !== kind)).toEqual([]);
    // Some kernels count in ticks, so that less than one is nothing.
    return Math.max(1, (user + system) / 1000);
  };
  const hostile = () =>
    costOf((i, j) => names.map((name, k) => ({ name, range: i === 14 && k === 0 ? '^2' : `<9.${i}.${j}` })), 'problem');
  const harmless = () => costOf(() => [], 'resolution');

  // The ratio is about 2. Without a limit on the search, it would take hours.
  expect(Math.min(hostile(), hostile()) / Math.min(harmless(), harmless())).toBeLessThan(100);
});
