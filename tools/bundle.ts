import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { DOCS_FILES } from '../src/rest/docs-page.ts';

const checkout = dirname(import.meta.dirname);

/**
 * Flags of Node that keep the operator small (docs/benchmarks.md has the figures): V8 keeps freed pages for later, and
 * only gives them back when it is told to save memory.
 */
export const NODE_FLAGS: readonly string[] = ['--optimize-for-size'];

/**
 * Gives all threads one heap of the C library, since each further heap sets memory aside and hardly uses it. Data from
 * the network is big and freed soon, but small pieces that stay would lie between. So pieces of 32 KiB and more are
 * kept apart, and the end of the heap is given back from 4 KiB on, so that no holes remain.
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

/** Puts the operator with its imports into one executable file that only needs Node, and returns its path. */
export async function bundle(outfile = join(checkout, 'dist', 'provider-operator.mjs')): Promise<string> {
  await build({
    entryPoints: [join(checkout, 'src', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: `${SHEBANG}\n${requireForCommonJs}` },
    // Only syntax and whitespace are minified: names of functions and classes reach the log.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await chmod(outfile, 0o755);
  await copyDocs(dirname(outfile));
  return outfile;
}

/** The page that shows the REST API finds its files beside the bundle. */
async function copyDocs(folder: string): Promise<void> {
  await mkdir(join(folder, 'docs'), { recursive: true });
  for (const file of DOCS_FILES) {
    await copyFile(
      join(checkout, 'node_modules', '@fastify', 'swagger-ui', 'static', file),
      join(folder, 'docs', file),
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${await bundle()}\n`);
}
