import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findCondition } from '../../../src/api/conditions.ts';
import { groupingsIn, matches, selectorsIn } from '../../observability/queries.ts';
import { readScrape, type Series } from '../../observability/scrape.ts';
import { readShippedQueries } from '../../observability/shipped-queries.ts';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, get, kubectl, type DeploymentObject } from '../support/kubectl.ts';
import { launchOperator, startOperator, type OperatorProcess, type RunningOperator } from '../support/operator.ts';
import { isBack, runs } from '../support/outcome.ts';
import { conditionOf, startWitness, type Witness } from '../support/witness.ts';

const namespace = 'metrics';
const CONFIG = 'defaults: {progressDeadlineSeconds: 60, stableSeconds: 0}';
/** The labels that a scrape adds. */
const TARGET_LABELS: ReadonlySet<string> = new Set(['job', 'instance', 'namespace', 'pod']);
/** Series that do not occur here: a passing failure of a write needs an API server in trouble. */
const UNSEEN = [{ metric: 'provider_operator_installations', label: 'reason', value: 'RetryingAfterError' }];

describe.skipIf(!inject('controlPlane').disposable)('what the operator tells Prometheus', () => {
  let operator: RunningOperator;
  let standby: OperatorProcess;
  let witness: Witness;
  let scrape: readonly Series[] = [];

  const scrapeOf = async ({ url }: OperatorProcess) => readScrape(await (await fetch(`${url}/metrics`)).text());
  const web = (name: string, spec: object) => installation(namespace, name, { resourceTier: 'free', ...spec });

  beforeAll(async () => {
    await prepare(namespace);
    witness = await startWitness();
    operator = await startOperator({}, CONFIG);
    standby = await launchOperator({}, CONFIG);
    await apply(
      provider('good', '1.0.0', '1.1.0'),
      provider('bad', '1.0.0'),
      web('ready', { provider: 'good/web', version: '1.0.0' }),
      web('back', { provider: 'bad/web', upgradePolicy: 'auto' }),
      web('fought', { provider: 'good/web', version: '1.0.0' }),
      web('waiting', { provider: 'nobody/web' }),
      web('stalled', { provider: 'good/web', version: '1.0.0', config: { LD_PRELOAD: '1' } }),
    );
    await Promise.all(['ready', 'back', 'fought'].map((name) => witness.until(key(name), runs('1.0.0'))));
    await apply(provider('bad', '1.0.0', release('1.1.0', { image: 'registry.example.com/acme/crash-loop:1.1.0' })));
    await Promise.all([
      witness.until(key('back'), isBack),
      witness.until(key('stalled'), (i) => conditionOf(i, 'Stalled') !== undefined),
      fight('fought'),
    ]);
    // Others may see a status before the operator has the answer to its write.
    scrape = await eventually(async () => {
      const told = await scrapeOf(operator);
      const has = (labels: Readonly<Record<string, string>>) =>
        told.some((s) => s.value > 0 && Object.entries(labels).every(([name, value]) => s.labels[name] === value));
      return has({ trigger: 'Rollback' }) && has({ reason: 'Drifted' }) && has({ stalled: 'true' }) && told;
    });
  });
  afterAll(() => operator.stop());
  afterAll(async () => {
    standby.signal('SIGTERM');
    await standby.ended;
    await witness.stop();
  });
  afterAll(() => cleanUp(namespace));

  const key = (name: string) => `${namespace}/${name}`;

  /** Changes the Deployment again and again until the operator gives way for a while. */
  async function fight(name: string): Promise<void> {
    for (let i = 0; i < 3; i += 1) {
      await kubectl(['scale', `deployment/${name}`, '--replicas=3', '-n', namespace]);
      await eventually(async () => {
        const { status } = await witness.until(key(name), () => true);
        const { spec } = await get<DeploymentObject>('deployment', name, namespace);
        return spec.replicas === 1 || findCondition(status.conditions, 'Drifted') !== undefined;
      });
    }
    await witness.until(key(name), (i) => conditionOf(i, 'Drifted') !== undefined);
  }

  const series = (name: string) => scrape.filter((s) => s.name === name);

  it('names those alone that are not ready, and whether somebody must act', () => {
    const told = series('provider_operator_installation_not_ready').map(({ labels }) => labels);

    expect(told).toEqual(
      expect.arrayContaining([
        { tenant: namespace, installation: 'stalled', reason: 'ReservedEnvName', stalled: 'true' },
        { tenant: namespace, installation: 'fought', reason: 'Drifted', stalled: 'false' },
        expect.objectContaining({ installation: 'waiting', reason: 'ProviderNotFound' }),
      ]),
    );
    expect(told).toHaveLength(3);
  });

  it('counts the upgrade that was taken back', () => {
    const ended = series('provider_operator_rollouts_total').filter(({ value }) => value > 0);

    expect(ended.map(({ labels, value }) => ({ ...labels, value }))).toEqual(
      expect.arrayContaining([
        { trigger: 'Install', result: 'Succeeded', value: 3 },
        { trigger: 'Policy', result: 'RolledBack', value: 1 },
        { trigger: 'Rollback', result: 'Succeeded', value: 1 },
      ]),
    );
  });

  it('is told by the leader: who stands by tells of no installation, and is ready', async () => {
    const other = await scrapeOf(standby);
    const value = (name: string) => other.find((s) => s.name === name)?.value;

    expect(other.filter(({ name }) => name.startsWith('provider_operator_installation'))).toEqual([]);
    expect(value('leader_election_master_status')).toBe(0);
    expect(value('provider_operator_ready')).toBe(1);
    expect(value('workqueue_depth')).toBeGreaterThan(0);
  });

  it('has each metric that docs/runbooks describes, with these labels', () => {
    const rows = readFileSync('docs/runbooks/README.md', 'utf8').matchAll(/^\| (`\w+_\w+`.*?) \| (.*?) ?\|/gm);
    const described = [...rows].flatMap(([, names = '', labels = '']) =>
      names.split(', ').map((name) => [namesIn(name)[0] ?? '', namesIn(labels)] as const),
    );

    expect(described.length).toBeGreaterThan(8);
    for (const [name, labels] of described) {
      const found = scrape.find((s) => s.name === name || s.name === `${name}_count`);
      expect(Object.keys(found?.labels ?? { none: name }), name).toEqual(expect.arrayContaining([...labels]));
    }
    const own = scrape
      .map((s) => s.name.replace(/_(?:bucket|count|sum)$/, ''))
      .filter((n) => n.startsWith('provider_'));
    expect(described.map(([name]) => name)).toEqual(expect.arrayContaining([...new Set(own)]));
  });

  describe('what we ship asks for nothing that is not there', () => {
    const queries = readShippedQueries();

    it('every metric and every matcher of alerts, dashboards and runbooks selects something', () => {
      const missing = queries.flatMap(({ where, expr }) =>
        selectorsIn(expr)
          .filter((selector) => !series(selector.metric).some(({ labels }) => matches(selector, labels)))
          .filter(({ metric, matchers }) => !UNSEEN.some((u) => u.metric === metric && matchers[0]?.value === u.value))
          .map((selector) => ({ where, selector })),
      );

      expect(queries.length).toBeGreaterThan(40);
      expect(missing).toEqual([]);
    });

    it('every label that it groups or joins by is there', () => {
      const missing = queries.flatMap(({ where, expr }) => {
        const labels = new Set(
          selectorsIn(expr).flatMap(({ metric }) => series(metric).flatMap((s) => Object.keys(s.labels))),
        );
        return groupingsIn(expr)
          .filter((label) => !labels.has(label) && !TARGET_LABELS.has(label))
          .map((label) => ({ where, expr, label }));
      });

      expect(missing).toEqual([]);
    });
  });

  describe('the runbooks', () => {
    const blocks = globSync('docs/runbooks/*.md').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(
        ([, block = '']) => [file, block.split('\n')[0], block] as const,
      ),
    );

    beforeAll(async () => {
      // These stand in for the chart's objects, which are not tested here.
      await kubectl(['create', 'deployment', 'provider-operator', '--image=operator', '-n', namespace, '--replicas=0']);
      await apply({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'provider-operator', namespace },
        spec: {},
      });
    });

    it.each(blocks)('%s has commands that work: %s', async (_file, _first, block) => {
      const { kubectl: binary, kubeconfig } = inject('controlPlane');
      const env = {
        PATH: [dirname(binary), process.env['PATH']].join(delimiter),
        KUBECONFIG: kubeconfig,
        KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache'),
        NAMESPACE: namespace,
        TENANT: namespace,
        INSTALLATION: 'back',
      };
      // `auth can-i` also says no by its exit code, and this operator is not a service account.
      const script = block.replaceAll(/^(kubectl auth can-i (?!--list).*)$/gm, '$1 || true');
      const { stderr } = await promisify(execFile)('/bin/sh', ['-euc', script], { env });

      expect(stderr).not.toMatch(/error|unknown/i);
    });
  });
});

function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
}
