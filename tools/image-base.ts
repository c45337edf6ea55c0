import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The user of the base image, the same as in Distroless. */
const USER = 65_532;

/**
 * Imports a base image that is made from this machine: the Node that runs this, its linked libraries, and one user.
 * Nothing is pulled. The layout is that of Distroless, so that the same Dockerfile builds on either.
 */
export function importLocalBase(tag: string): void {
  const root = mkdtempSync(join(tmpdir(), 'provider-operator-base-'));
  try {
    fill(root);
    const tar = execFileSync(
      'tar',
      ['--numeric-owner', '--owner=0', '--group=0', '--sort=name', '-C', root, '-c', '.'],
      {
        maxBuffer: 1024 ** 3,
      },
    );
    const changes = [`USER ${USER}:${USER}`, 'WORKDIR /home/nonroot', 'ENTRYPOINT ["/nodejs/bin/node"]'];
    execFileSync('docker', ['import', ...changes.flatMap((change) => ['--change', change]), '-', tag], {
      input: tar,
      stdio: 'pipe',
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function fill(root: string): void {
  // The archive includes the mode of its root, which every user must be able to enter.
  chmodSync(root, 0o755);
  const node = realpathSync(process.execPath);
  put(root, node, '/nodejs/bin/node');
  for (const library of librariesOf(node)) {
    put(root, realpathSync(library), library);
  }
  mkdirSync(join(root, 'etc'));
  writeFileSync(
    join(root, 'etc', 'passwd'),
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/home/nonroot:/sbin/nologin\n`,
  );
  writeFileSync(join(root, 'etc', 'group'), `root:x:0:\nnonroot:x:${USER}:\n`);
  writeFileSync(join(root, 'etc', 'nsswitch.conf'), 'hosts: files dns\n');
  mkdirSync(join(root, 'home', 'nonroot'), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
}

function put(root: string, from: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  copyFileSync(from, join(root, to));
}

/** Returns the paths under which the loader finds a program's libraries, and the loader's own. */
function librariesOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:^\s*|=> )(\/\S+) \(0x/gm)].map(([, path = '']) => path);
}
