import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { limit } from '../../../bench/limit.ts';
import { settled } from '../../../bench/rest.ts';
import { LABEL } from '../../../src/api/names.ts';
import { markOf, startChildWatch, type ChildWatch } from '../support/child-watch.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, kubectl, run, type DeploymentObject } from '../support/kubectl.ts';
import { addNamespace } from '../support/namespace.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { patch, runs } from '../support/outcome.ts';
import { conditionOf, startWitness, type SeenInstallation, type Witness } from '../support/witness.ts';

/**
 * Somebody interferes with a Deployment or its records at some moment, and the operator sees it happen or finds it when it
 * starts. Whatever the case, the end is the one that the present spec and the records call for.
 *
 * The interferences, each with the report of a controller that it hurt:
 * - `undo`: `kubectl rollout undo` brings back the template of former pods, but not the other fields that belong to it
 *   (kubernetes/kubectl#1301). During a rollout, its controller waits for ever for what is gone (fluxcd/flagger#724).
 * - `restart`: `kubectl rollout restart` is taken for drift: one pod is restarted and the others are not
 *   (open-telemetry/opentelemetry-operator#1300, operator-framework/operator-lifecycle-manager#3392).
 * - `set image`: nobody undoes `kubectl set image` (kubernetes-sigs/cluster-api-operator#589), or not if it was done while
 *   the operator was down (flant/addon-operator#518).
 * - `delete`: a Deployment that was deleted stays away until the operator restarts (kiali/kiali#2886,
 *   grafana/grafana-operator#1573).
 * - `forget`: the memory is deleted, which is the records here and the Secrets of releases elsewhere. The running version
 *   then counts as never installed (helm/helm#12598), and is uninstalled for that (operator-framework/operator-sdk#1102).
 * - `restore`: a Deployment comes back from a backup, and later events replace its pods again (velero-io/velero#9461).
 * - `restore without owner`: backups are restored without owners (velero-io/velero#4707), and then the controller does not
 *   recognise them any more (knative/serving#10926).
 */
const INTERFERENCES = ['undo', 'restart', 'set image', 'delete', 'forget', 'restore', 'restore without owner'] as const;
type Interference = (typeof INTERFERENCES)[number];

const MOMENTS = ['at rest after an upgrade', 'in the first install', 'in a rollout', 'on the way back'] as const;
type Moment = (typeof MOMENTS)[number];

interface End {
  /** The version of all pods that run. */
  readonly version: string;
  readonly ready: string;
  /** The records and how their rollouts ended, oldest first. */
  readonly records: readonly string[];
  /** The history, newest first. Absent where it depends on who was quicker. */
  readonly history?: readonly string[] | undefined;
  /** The refusal of kubectl, where this cannot be done. */
  readonly refused?: RegExp;
}

/** The end as if nobody had interfered. */
const INSTALLED: End = {
  version: '1.0.0',
  ready: 'True UpgradeAvailable',
  records: ['1.0.0 proven'],
  history: ['Install 1.0.0 Succeeded'],
};
const UPGRADED: End = {
  version: '1.1.0',
  ready: 'True UpToDate',
  records: ['1.0.0 proven', '1.1.0 proven'],
  history: ['Spec 1.1.0 Succeeded', 'Install 1.0.0 Succeeded'],
};
const HELD: End = {
  version: '1.0.0',
  ready: 'False RolledBack',
  records: ['1.0.0 proven', '1.1.0 failed'],
  history: ['Rollback 1.0.0 Succeeded', 'Spec 1.1.0 RolledBack', 'Install 1.0.0 Succeeded'],
};

/**
 * Either the operator records the standing Deployment, which serves first, and then tries the wish of the spec once
 * more, since its failure is forgotten. Or the operator sees that only the record of the running version is gone, and
 * remembers the failure from the other record.
 */
const FORGOTTEN: readonly End[] = [
  { version: '1.0.0', ready: 'False RolledBack', records: ['1.0.0 proven', '1.1.0 failed'] },
  { version: '1.0.0', ready: 'False RolledBack', records: ['1.0.0 proven'] },
];

const ENDS: Readonly<Record<Moment, Readonly<Record<Interference, End | readonly End[]>>>> = {
  'at rest after an upgrade': {
    undo: UPGRADED,
    restart: UPGRADED,
    'set image': UPGRADED,
    delete: UPGRADED,
    // The operator records again what it would apply, since that is what stands.
    forget: {
      ...UPGRADED,
      records: ['1.1.0 proven'],
      history: ['Spec 1.1.0 Succeeded', 'Spec 1.1.0 Succeeded', 'Install 1.0.0 Succeeded'],
    },
    restore: UPGRADED,
    'restore without owner': UPGRADED,
  },
  'in the first install': {
    // There is no rollout before the first install.
    undo: { ...INSTALLED, refused: /no rollout history found/ },
    restart: INSTALLED,
    'set image': INSTALLED,
    delete: INSTALLED,
    forget: { ...INSTALLED, history: ['Spec 1.0.0 Succeeded', 'Install 1.0.0 Superseded'] },
    // There is no older Deployment: the backup contains this very install.
    restore: INSTALLED,
    'restore without owner': INSTALLED,
  },
  'in a rollout': {
    // The rollout that was undone is over. The operator begins a new one for the spec.
    undo: { ...UPGRADED, history: ['Spec 1.1.0 Succeeded', 'Spec 1.1.0 Superseded', 'Install 1.0.0 Succeeded'] },
    restart: UPGRADED,
    'set image': UPGRADED,
    // The operator brings the stable version back first.
    delete: {
      ...UPGRADED,
      history: ['Spec 1.1.0 Succeeded', 'Rollback 1.0.0 Succeeded', 'Spec 1.1.0 RolledBack', 'Install 1.0.0 Succeeded'],
    },
    forget: {
      ...UPGRADED,
      records: ['1.1.0 proven'],
      history: ['Spec 1.1.0 Succeeded', 'Spec 1.1.0 Superseded', 'Install 1.0.0 Succeeded'],
    },
    restore: { ...UPGRADED, history: undefined },
    'restore without owner': { ...UPGRADED, history: undefined },
  },
  'on the way back': {
    undo: HELD,
    restart: HELD,
    'set image': HELD,
    delete: HELD,
    forget: FORGOTTEN,
    restore: HELD,
    'restore without owner': HELD,
  },
};

const CONFIG = 'defaults: {stableSeconds: 0, progressDeadlineSeconds: 240}';
const IMPATIENT = { upgrade: { rollback: { progressDeadlineSeconds: 10 } } };
const PATIENT = { upgrade: { rollback: { progressDeadlineSeconds: 120 } } };
const NODES = ['-l', 'kubernetes.io/os=linux'];
/** How many kubectl processes run at once. More of them would only slow each other down. */
const AT_ONCE = 6;

const rows = MOMENTS.flatMap((when) => INTERFERENCES.map((what) => ({ what, when })));

function inWords(record: Parameters<typeof markOf>[0]): string {
  return `${record.data.version} ${markOf(record)}`;
}

function nameOf(what: Interference, when: Moment): string {
  return `${what} ${when.split(' ').at(-1)}`.replaceAll(' ', '-');
}

/** The names of the installations that are interfered with in one of these moments. */
function namesOf(...moments: readonly Moment[]): string[] {
  return rows.filter(({ when }) => moments.includes(when)).map(({ what, when }) => nameOf(what, when));
}

const upgraded = namesOf('at rest after an upgrade');
const installing = namesOf('in the first install');
const upgrading = namesOf('in a rollout');
const goingBack = namesOf('on the way back');

/** The image of a release. That of 1.1.0 never gets ready where a way back is needed. */
function imageOf(name: string, version: string): string {
  const isBad = version === '1.1.0' && goingBack.includes(name);
  return `registry.example.com/acme/${isBad ? 'never-ready' : 'web'}:${version}`;
}

let witness: Witness;
let children: ChildWatch;

describe.skipIf(!inject('controlPlane').disposable)('what somebody does', () => {
  beforeAll(async () => {
    await prepare('interferences');
    witness = await startWitness();
    children = await startChildWatch();
    const bad = release('1.1.0', { image: 'registry.example.com/acme/never-ready:1.1.0' });
    await apply(provider('good', '1.0.0', '1.1.0'), provider('bad', '1.0.0', bad));
  });
  afterAll(() => children.stop());
  afterAll(() => witness.stop());
  afterAll(() => Promise.all(['interferences', 'interferences-up', 'interferences-down'].map(cleanUp)));

  describe.each(['up', 'down'] as const)('while the operator is %s', (state) => {
    const namespace = `interferences-${state}`;
    const keyOf = (name: string) => `${namespace}/${name}`;
    /** The complaints of kubectl, by installation. */
    const complaints = new Map<string, string>();
    const podsBefore = new Map<string, readonly string[]>();
    let operator: RunningOperator;

    beforeAll(async () => {
      await addNamespace(namespace);
      operator = await startOperator({}, CONFIG);
      await create([...upgraded, ...upgrading], 'good/web');
      await create(goingBack, 'bad/web');
      await come([...upgraded, ...upgrading, ...goingBack], '1.0.0');
      const atFirst = await deployments();
      await Promise.all([
        edit(upgraded, { version: '1.1.0' }).then(() => come(upgraded, '1.1.0')),
        edit(goingBack, { version: '1.1.0' }).then(() => haveNewPods(goingBack)),
      ]);

      // From here on no node takes a pod, so every rollout that is under way stays so.
      await kubectl(['cordon', ...NODES]);
      await deletePods(goingBack, '1.0.0');
      await edit(goingBack, IMPATIENT);
      // Each gets a long deadline again at once: the way back has the same deadline as the rollout that failed.
      await Promise.all(goingBack.map((name) => are([name], 'Unknown RollingBack').then(() => edit([name], PATIENT))));
      await create(installing, 'good/web');
      await edit(upgrading, { version: '1.1.0' });
      await are([...installing, ...upgrading], 'Unknown RollingOut');
      await are(goingBack, 'Unknown RollingBack');
      const backups = new Map([...(await deployments()), ...atFirst]);
      rows.forEach(({ what, when }) => podsBefore.set(nameOf(what, when), pods(nameOf(what, when))));

      if (state === 'down') {
        await operator.stop();
      }
      const few = limit(AT_ONCE);
      await Promise.all(
        rows.map(({ what, when }) =>
          few(async () => {
            const name = nameOf(what, when);
            complaints.set(name, await interfere(what, name, backups.get(name)));
          }),
        ),
      );
      if (state === 'down') {
        operator = await startOperator({}, CONFIG);
      }
      await settled(auditLog());
      await kubectl(['uncordon', ...NODES]);
      await settled(auditLog());
      await edit([nameOf('forget', 'on the way back')], IMPATIENT);
      await children.catchUp(namespace);
    }, 240_000);
    afterAll(() => kubectl(['uncordon', ...NODES]));
    // stop() fails if `Ready` was ever a lie.
    afterAll(() => operator?.stop());

    async function create(names: readonly string[], of: string): Promise<void> {
      const spec = { provider: of, version: '1.0.0', resourceTier: 'free' };
      await apply(...names.map((name) => installation(namespace, name, spec)));
    }

    async function edit(names: readonly string[], spec: object): Promise<void> {
      const few = limit(AT_ONCE);
      await Promise.all(names.map((name) => few(() => patch(keyOf(name), { spec }))));
    }

    async function come(names: readonly string[], version: string): Promise<void> {
      await Promise.all(names.map((name) => witness.until(keyOf(name), runs(version))));
    }

    async function are(names: readonly string[], ready: string): Promise<void> {
      await Promise.all(
        names.map((name) => witness.until(keyOf(name), (seen) => conditionOf(seen, 'Ready') === ready)),
      );
    }

    /** Waits until each has a pod of the release that never gets ready. */
    async function haveNewPods(names: readonly string[]): Promise<void> {
      const isNew = (name: string) =>
        children
          .pods(keyOf(name))
          .some(({ metadata, spec }) => metadata.labels?.[LABEL.version] === '1.1.0' && spec.nodeName);
      await children.until(
        () => names.every(isNew),
        () => `No pod of 1.1.0: ${names.filter((name) => !isNew(name)).join(', ')}`,
      );
    }

    async function deletePods(names: readonly string[], version: string): Promise<void> {
      const selector = `${LABEL.version}=${version},${LABEL.installation} in (${names.join(',')})`;
      await kubectl(['delete', 'pods', '-n', namespace, '-l', selector]);
    }

    async function deployments(): Promise<Map<string, DeploymentObject>> {
      const list = JSON.parse(await kubectl(['get', 'deployments', '-n', namespace, '-o', 'json'])) as {
        readonly items: readonly DeploymentObject[];
      };
      return new Map(list.items.map((deployment) => [deployment.metadata.name, deployment]));
    }

    function pods(name: string): string[] {
      return children
        .pods(keyOf(name))
        .map(({ metadata }) => metadata.uid)
        .sort();
    }

    /** Interferes with an installation and returns the complaints of kubectl. */
    async function interfere(what: Interference, name: string, backup: DeploymentObject | undefined): Promise<string> {
      const on = [`deployment/${name}`, '-n', namespace];
      switch (what) {
        case 'undo':
          return complaintOf('rollout', 'undo', ...on);
        case 'restart':
          return complaintOf('rollout', 'restart', ...on);
        case 'set image':
          return complaintOf('set', 'image', ...on, 'provider=registry.example.com/somebody/else:1');
        case 'delete':
          return complaintOf('delete', ...on);
        case 'forget':
          return complaintOf('delete', 'controllerrevisions', '-n', namespace, '-l', `${LABEL.installation}=${name}`);
        case 'restore':
          return restore(backup);
        case 'restore without owner':
          return restore(backup && { ...backup, metadata: { ...backup.metadata, ownerReferences: [] } });
      }
    }

    async function complaintOf(...args: readonly string[]): Promise<string> {
      return (await run(args)).stderr;
    }

    /**
     * Replaces the present Deployment by the backup. If the operator made it again before kubectl could, overwrites
     * that one.
     */
    async function restore(backup: DeploymentObject | undefined): Promise<string> {
      const { uid: _, resourceVersion: __, ...metadata } = backup?.metadata ?? {};
      const { code, stderr } = await run(['replace', '--force', '--timeout=5s', '-f', '-'], { ...backup, metadata });
      // kubectl waits until no Deployment has this name, while the operator keeps making one.
      if (code !== 0 && state === 'up' && /AlreadyExists|timed out|deadline exceeded/.test(stderr)) {
        await eventually(() => kubectl(['replace', '-f', '-'], { ...backup, metadata }));
        return '';
      }
      return code === 0 ? '' : stderr;
    }

    it.concurrent.each(rows)('$what, $when', { timeout: 90_000 }, async ({ what, when }) => {
      const name = nameOf(what, when);
      const ends = [ENDS[when][what]].flat();
      const endOf = (i: SeenInstallation) => ends.find(({ ready }) => ready === conditionOf(i, 'Ready'));
      const seen = await witness.until(keyOf(name), (i) => endOf(i) !== undefined);
      await children.catchUp(namespace);
      const told = seen.status.history?.map((entry) => `${entry.trigger} ${entry.version} ${entry.result}`);
      const records = children.records(keyOf(name));
      const { metadata, spec } = children.deployment(keyOf(name)) ?? {};
      const head = records.find(({ revision }) => String(revision) === metadata?.labels?.[LABEL.rollout]);

      // Several ends may have the same `Ready`. The records tell which of them this is.
      const isIts = (e: End) => isDeepStrictEqual(e.records, records.map(inWords));
      const end = ends.filter(({ ready }) => ready === conditionOf(seen, 'Ready')).find(isIts) ?? endOf(seen);
      expect(complaints.get(name)).toMatch(end?.refused ?? /^$/);
      expect({
        version: head?.data.version,
        images: [...new Set(children.pods(keyOf(name)).map((pod) => pod.spec.containers[0]?.image))],
        records: records.map(inWords),
        history: end?.history && told,
        // A restart by hand is not undone.
        isRestarted: 'kubectl.kubernetes.io/restartedAt' in (spec?.template.metadata.annotations ?? {}),
      }).toEqual({
        version: end?.version,
        images: [imageOf(name, end?.version ?? '')],
        records: end?.records,
        history: end?.history,
        isRestarted: what === 'restart',
      });
    });

    it('does not cost what runs a pod, where its records are gone', () => {
      const name = nameOf('forget', 'at rest after an upgrade');

      expect(podsBefore.get(name)).toHaveLength(1);
      expect(pods(name)).toEqual(podsBefore.get(name));
    });

    it('never takes back that a rollout was done', () => {
      const versions = rows.flatMap(({ what, when }) => children.recordVersions(keyOf(nameOf(what, when))));
      const marks = Map.groupBy(versions, ({ metadata }) => metadata.uid);
      const sinceProven = [...marks.values()].map((ofOne) => {
        const all = ofOne.map(markOf);
        return all.includes('proven') ? all.slice(all.indexOf('proven')) : [];
      });

      expect(sinceProven.filter((since) => since.length > 0).length).toBeGreaterThan(rows.length);
      expect(sinceProven.filter((since) => since.some((mark) => mark !== 'proven'))).toEqual([]);
    });
  });
});
