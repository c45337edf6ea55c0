import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import type { WithManagedFields } from '../../../src/cluster/owned-fields.ts';
import { PATIENCE_MS, PATIENTLY } from './patience.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl as the administrator; a manifest is given as an object on its standard input. */
export function run(args: readonly string[], input?: object | string): Promise<Ran> {
  const { kubectl: binary, kubeconfig } = inject('controlPlane');
  const child = spawn(binary, args, {
    env: { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache') },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.end(typeof input === 'object' ? JSON.stringify(input) : input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Runs kubectl and returns what it printed; an error carries what it complained about. */
export async function kubectl(args: readonly string[], input?: object | string): Promise<string> {
  const { code, stdout, stderr } = await run(args, input);
  if (code !== 0) {
    throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  }
  return stdout;
}

/** Applies objects with the manager that people have. */
export function apply(...objects: readonly object[]): Promise<string> {
  return kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: objects });
}

/** Reads an object as JSON. */
export async function get<T = KubernetesObject>(kind: string, name: string, namespace?: string): Promise<T> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  return JSON.parse(await kubectl(['get', kind, name, ...where, '-o', 'json', '--show-managed-fields'])) as T;
}

/** An object with the parts that tests look at. */
export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly ownerReferences?: readonly { uid: string; kind: string }[];
    readonly creationTimestamp?: string;
    readonly managedFields?: NonNullable<WithManagedFields['metadata']>['managedFields'];
  };
}

export interface InstallationObject extends KubernetesObject {
  readonly spec: Record<string, unknown>;
  readonly status: {
    readonly observedGeneration?: number;
    readonly targetVersion?: string;
    readonly installedVersion?: string;
    readonly currentVersion?: string;
    readonly previousVersion?: string;
    readonly latestVersion?: string;
    readonly conditions?: readonly {
      type: string;
      status: string;
      reason: string;
      message: string;
      observedGeneration: number;
    }[];
  };
}

export interface DeploymentObject extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly annotations: Record<string, string> };
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly env?: readonly { name: string; value?: string }[];
          readonly resources: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
        }[];
      };
    };
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Waits for a condition with kubectl, as a script would. An error says how the object is instead. */
export async function waitFor(condition: string, object: string, namespace: string): Promise<string> {
  const args = ['wait', `--for=condition=${condition}`, object, '-n', namespace, PATIENTLY];
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) {
    const status = await run(['get', object, '-n', namespace, '-o', 'jsonpath={.status}']);
    throw new Error(`${object} is not ${condition}: ${stderr}${status.stdout}`);
  }
  return stdout;
}

/** Calls `look` again and again until it returns something. Throws its last error after a long time. */
export async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  let complaint: unknown;
  do {
    try {
      const found = await look();
      if (found !== undefined && found !== false) {
        return found;
      }
      complaint = undefined;
    } catch (error) {
      complaint = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (performance.now() < deadline);
  throw new Error(`Did not happen in ${PATIENCE_MS / 1000} s`, { cause: complaint });
}
