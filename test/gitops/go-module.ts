import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

/** A Go module from which only files are needed, not code; `sum` is as in a go.sum. */
export interface PinnedModule {
  readonly path: string;
  readonly version: string;
  readonly sum: string;
}

/** Downloads a module unless it is there, and returns its directory. */
export async function moduleDirectory({ path, version, sum }: PinnedModule): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: tmpdir(),
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod' },
  });
  const downloaded = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  if (downloaded.Sum !== sum) {
    throw new Error(`${path}@${version} is not what was pinned: ${downloaded.Sum}`);
  }
  return downloaded.Dir;
}
