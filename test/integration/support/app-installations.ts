import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject } from 'vitest';
import { appId, appVersionId, softwareId, softwareVersionId } from '../../../src/rest/v2/ids.ts';
import { apply, get, kubectl, type KubernetesObject } from './kubectl.ts';
import type { Answer } from './rest.ts';

/** What tests of the second seed's API share. */

const PROBLEM = /^application\/problem\+json/;

/** The ids of `acme/web`, `acme/web@1.1.0`, `php` and `php@8.3.0`. */
export function idOf(name: string): string {
  const [what = '', version] = name.split('@');
  if (what.includes('/')) {
    return version === undefined ? appId(what) : appVersionId(what, version);
  }
  return version === undefined ? softwareId(what) : softwareVersionId(what, version);
}

export function one(id: string): string {
  return `/v2/app-installations/${id}`;
}

/** The uid of an installation, which is its id. */
export async function uidOf(name: string, namespace: string): Promise<string> {
  return (await get('pi', name, namespace)).metadata.uid;
}

interface Curled {
  readonly status: string;
  readonly text: string;
}

/** Runs curl as the seed's page has it, but for `--fail`, which would hide what is answered. */
export async function curl(url: string, ...args: readonly string[]): Promise<Curled> {
  const { stdout } = await promisify(execFile)('curl', [
    '--silent',
    '--location',
    ...args,
    '--write-out',
    '\n%{http_code}',
    url,
  ]);
  const end = stdout.lastIndexOf('\n');
  return { status: stdout.slice(end + 1), text: stdout.slice(0, end) };
}

/** Who has a token of the control plane's own, and is no service account. */
export function userToken(user: 'admin' | 'tenant'): string {
  const file = join(dirname(inject('controlPlane').kubeconfig), `${user}.kubeconfig`);
  const { users } = JSON.parse(readFileSync(file, 'utf8')) as { users: { user: { token: string } }[] };
  return users[0]?.user.token ?? '';
}

/** Lets a service account do something with the Secrets of its namespace. */
export function allowSecrets(namespace: string, account: string, ...verbs: readonly string[]): Promise<string> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: `${account}-secrets`, namespace };
  return apply(
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs }],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  );
}

export interface SecretObject extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

/** The Secrets that requests made, by their names. */
export async function inputSecrets(namespace: string): Promise<ReadonlyMap<string, SecretObject>> {
  const list = await kubectl(['get', 'secrets', '-n', namespace, '-l', 'provider-operator.io/inputs', '-o', 'json']);
  const { items } = JSON.parse(list) as { items: SecretObject[] };
  return new Map(items.map((secret) => [secret.metadata.name, secret]));
}

/** All that a request could write in a namespace. What the operator writes is none of it: it may be at work all the time. */
export async function writtenIn(namespace: string): Promise<string> {
  const range = (fields: string) => `jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} ${fields}{"\\n"}{end}`;
  const installations = range('{.spec} {.metadata.generation} {.metadata.annotations}');
  return [
    await kubectl(['get', 'pi', '-n', namespace, '-o', installations]),
    await kubectl(['get', 'secrets', '-n', namespace, '-o', range('{.metadata.resourceVersion}')]),
  ].join('');
}

/** The two fields of the second seed beside those of RFC 9457, and nothing else but the list of wrong fields. */
export function expectProblem({ status, headers, body }: Answer): void {
  expect(headers['content-type']).toMatch(PROBLEM);
  const { errors: _, ...rest } = body;
  expect(rest).toEqual({
    type: expect.stringMatching(/^[A-Z][A-Za-z]+$/) as string,
    message: body.detail,
    detail: expect.stringMatching(/^[A-Z].{10,}/s) as string,
    title: expect.any(String) as string,
    status,
  });
}
