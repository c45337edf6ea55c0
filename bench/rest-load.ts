import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Say } from '../test/control-plane/progress.ts';
import type { Outcome } from './bounds.ts';
import type { Cluster } from './cluster.ts';
import { isReady, INSTALLATIONS_PATH, type InstallationObject } from './objects.ts';
import type { OperatorProcess } from './operator.ts';
import type { Options } from './options.ts';
import { install } from './phases.ts';
import { cpuSeconds } from './process-stats.ts';
import { settled } from './rest.ts';
import { figure, table } from './table.ts';
import { startTracker } from './tracker.ts';
import type { Workload } from './workload.ts';

/** Installations of one namespace, asked for and upgraded through the REST API. */

const PREFIX = 'api';
const CONNECTIONS = 32;
const RATE = 500;
const SECONDS = 10;
const LISTED = '/providers/installed?limit=20';
const MOST_P99_MS = 20;

interface Load {
  readonly name: string;
  readonly seconds: number;
  /** Of each request, in milliseconds. */
  readonly times: readonly number[];
  readonly cpuSeconds: number;
}

/** Measures what the REST API costs and how fast it answers, while the operator does its work. */
export async function restLoad(
  cluster: Cluster,
  start: () => OperatorProcess,
  { workload: { installations }, creators }: Options,
  say: Say,
): Promise<Outcome> {
  const workload: Workload = { installations, namespaces: 1, replicas: 1 };
  await cluster.publish(['1.0.0'], workload);
  const operator = start();
  await operator.ready();
  say(`REST API: installing ${figure(installations)} in one namespace`);
  await install({ cluster, operator, workload }, creators, PREFIX);
  const token = await tokenFor(cluster, `${PREFIX}-1`);
  const pool = new Pool(operator.api(), { connections: CONNECTIONS });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<number> {
    const from = performance.now();
    const answer = await pool.request({ method, path, headers, body: body ? JSON.stringify(body) : null });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) {
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`);
    }
    return performance.now() - from;
  }

  async function load(name: string, run: () => Promise<readonly number[]>): Promise<Load> {
    say(`REST API: ${name}`);
    const [from, before] = [performance.now(), cpuSeconds(operator.pid)];
    const times = await run();
    return { name, times, seconds: (performance.now() - from) / 1000, cpuSeconds: cpuSeconds(operator.pid) - before };
  }

  await ask('GET', LISTED);
  const steady = await load(`GET installed, ${RATE} a second`, () => atRate(RATE, SECONDS, () => ask('GET', LISTED)));
  const most = await load(`GET installed, ${CONNECTIONS} connections`, () =>
    inParallel(CONNECTIONS, SECONDS, () => ask('GET', LISTED)),
  );
  const one = '/providers/installed/bench/web?installation=site-1';
  const single = await load(`GET one, ${CONNECTIONS} connections`, () =>
    inParallel(CONNECTIONS, SECONDS, () => ask('GET', one)),
  );

  await cluster.publish(['1.0.0', '1.1.0'], workload);
  await settled(cluster.plane.auditLog);
  const done = await startTracker<InstallationObject>({
    api: cluster.admin,
    path: INSTALLATIONS_PATH,
    isThere: (i) => isReady(i) && i.status?.currentVersion === '1.1.0',
  });
  const manual = Array.from({ length: installations }, (_, i) => `site-${i + 1}`).filter((_, i) => i % 40 >= 20);
  const upgraded = await load(`POST upgrade, ${CONNECTIONS} connections`, () =>
    eachOf(CONNECTIONS, manual, (name) =>
      ask('POST', `/providers/installed/bench/web/upgrade?installation=${name}`, { version: '1.1.0' }),
    ),
  );
  await done.reached(installations);
  await done.stop();
  await pool.close();
  await cluster.empty(PREFIX, workload);
  await operator.stop();

  const loads = [steady, most, single, upgraded];
  return {
    workload,
    lines: table(
      ['REST API', 'requests', '/s', 'p50 ms', 'p99 ms', 'worst', 'CPU ms each'],
      loads.map(({ name, seconds, times, cpuSeconds: cpu }) => [
        name,
        figure(times.length),
        figure(times.length / seconds),
        figure(quantile(times, 0.5), 1),
        figure(quantile(times, 0.99), 1),
        figure(Math.max(...times), 1),
        figure((cpu * 1000) / times.length, 2),
      ]),
    ),
    bounds: [
      {
        what: `GET installed at ${RATE}/s, p99`,
        unit: 'ms',
        measured: [quantile(steady.times, 0.99)],
        most: MOST_P99_MS,
      },
    ],
  };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Asks at fixed moments, however long the answers take: who waits in line is counted with the wait. */
async function atRate(rate: number, seconds: number, ask: () => Promise<number>): Promise<number[]> {
  const from = performance.now();
  const asked: Promise<number>[] = [];
  while (asked.length < rate * seconds) {
    const due = from + (asked.length * 1000) / rate;
    if (due > performance.now()) {
      await sleep(1);
    } else {
      asked.push(ask().then(() => performance.now() - due));
    }
  }
  return Promise.all(asked);
}

/** Asks again as soon as there is an answer. */
async function inParallel(connections: number, seconds: number, ask: () => Promise<number>): Promise<number[]> {
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) {
        times.push(await ask());
      }
    }),
  );
  return times;
}

async function eachOf(
  connections: number,
  names: readonly string[],
  ask: (name: string) => Promise<number>,
): Promise<number[]> {
  const left = [...names];
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        times.push(await ask(name));
      }
    }),
  );
  return times;
}

/** Of a service account that may read and change the installations of its namespace. */
async function tokenFor({ admin }: Cluster, namespace: string): Promise<string> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'portal', namespace };
  await admin.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  });
  await admin.request({
    method: 'POST',
    path: `${rbac}/roles`,
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: ['provider-operator.io'], resources: ['providerinstallations'], verbs: ['get', 'list', 'patch'] },
      ],
    },
  });
  await admin.request({
    method: 'POST',
    path: `${rbac}/rolebindings`,
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'portal' },
      subjects: [{ kind: 'ServiceAccount', name: 'portal', namespace }],
    },
  });
  const { status } = await admin.request<{ status: { token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/portal/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  return status.token;
}
