import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const checkout = dirname(import.meta.dirname);

/**
 * How Node runs the operator so that it stays small (docs/benchmarks.md has the figures): V8 keeps the pages that it has
 * freed for later, and gives them back only when it is told to save memory.
 */
export const NODE_FLAGS: readonly string[] = ['--optimize-for-size'];

/**
 * One heap for all threads of the C library: each more is memory that is set aside and hardly used. What comes from the
 * network is big and is let go of soon, but small pieces that stay are left between: apart from them (32 KiB and more), and
 * with the end of the heap given back at once (4 KiB), no holes remain.
 */
export const NODE_ENV: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '4096',
  MALLOC_TOP_PAD_: '4096',
};

const env = Object.entries(NODE_ENV).map(([name, value]) => `${name}=${value}`);
const SHEBANG = `#!/usr/bin/env -S ${[...env, 'node', ...NODE_FLAGS].join(' ')}`;

/** Defines the names that CommonJS packages inside an ES module still ask for. */
const requireForCommonJs = [
  "import { createRequire as bundleCreateRequire } from 'node:module';",
  'const require = bundleCreateRequire(import.meta.url);',
].join('\n');

/** Puts the operator and all that it imports into one executable file that needs Node and nothing else; its path. */
export async function bundle(outfile = join(checkout, 'dist', 'provider-operator.mjs')): Promise<string> {
  await build({
    entryPoints: [join(checkout, 'src', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: `${SHEBANG}\n${requireForCommonJs}` },
    // Names of functions and classes reach the log; only what nobody reads is taken away.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await chmod(outfile, 0o755);
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${await bundle()}\n`);
}
