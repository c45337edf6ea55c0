import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';

/**
 * Loaded into the operator with `node --import`: lets it find in SERVICE_ACCOUNT_FOLDER what a pod has in /var/run. So it
 * is measured as it runs in a cluster, without the library that reads kubeconfig files.
 */
const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount';
const folder = process.env['SERVICE_ACCOUNT_FOLDER'] ?? '';
const { readFile } = fsPromises;

fsPromises.readFile = (path, ...options) =>
  readFile(String(path).startsWith(MOUNTED) ? join(folder, relative(MOUNTED, String(path))) : path, ...options);
syncBuiltinESMExports();
