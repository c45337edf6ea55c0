import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const COMMANDS = ['sh', 'cp', 'cat', 'ls', 'sleep'];

/** Imports an image of this machine's static busybox and some files, for a user that is not root. */
export function importBusybox(
  tag: string,
  { env, files = {}, entrypoint }: { env: NodeJS.ProcessEnv; files?: Record<string, string>; entrypoint: string[] },
): void {
  const root = mkdtempSync(join(tmpdir(), 'busybox-'));
  try {
    chmodSync(root, 0o755);
    mkdirSync(join(root, 'bin'));
    execFileSync('cp', [execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), join(root, 'bin', 'busybox')]);
    for (const command of COMMANDS) {
      symlinkSync('busybox', join(root, 'bin', command));
    }
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const tar = execFileSync('tar', ['--owner=0', '--group=0', '-C', root, '-c', '.'], { maxBuffer: 64 * 1024 ** 2 });
    const changes = ['USER 65532', 'ENV PATH=/bin', `ENTRYPOINT ${JSON.stringify(entrypoint)}`];
    const args = ['import', ...changes.flatMap((change) => ['--change', change]), '-', tag];
    execFileSync('docker', args, { env, input: tar, stdio: ['pipe', 'ignore', 'inherit'] });
  } finally {
    rmSync(root, { recursive: true });
  }
}
