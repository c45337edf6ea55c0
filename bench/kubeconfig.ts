import { readFileSync } from 'node:fs';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

/** Reads a kubeconfig of the test control plane, which is JSON with one cluster and one user. */
export function readKubeconfig(file: string): Kubeconfig {
  return JSON.parse(readFileSync(file, 'utf8')) as Kubeconfig;
}
