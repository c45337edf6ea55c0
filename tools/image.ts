import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { bundle } from './bundle.ts';
import { importLocalBase } from './image-base.ts';
import { billOfMaterials, bundledPackages, licenseText } from './image-contents.ts';

const checkout = dirname(import.meta.dirname);

/** The image that `--local-base` makes. */
export const LOCAL_BASE = 'provider-operator-base:local';

/** The image that was built, with its size in bytes as the engine counts them. */
export interface BuiltImage {
  readonly tag: string;
  readonly bytes: number;
  readonly baseBytes: number | undefined;
}

/**
 * Builds the image by the engine that `docker` speaks to. With `localBase` nothing is pulled; else the base is the one
 * that the Dockerfile names, or BASE_IMAGE.
 */
export async function buildImage(tag: string, { localBase }: { localBase: boolean }): Promise<BuiltImage> {
  // Before all else: without an engine there is no use in the rest.
  docker('version');
  await writeContents();
  if (localBase) {
    importLocalBase(LOCAL_BASE);
  }
  const base = localBase ? LOCAL_BASE : process.env['BASE_IMAGE'];
  const buildArgs = [
    ...(base ? [`BASE=${base}`] : []),
    `VERSION=${manifest.version}`,
    `REVISION=${git('rev-parse', 'HEAD')}`,
    `CREATED=${created()}`,
    // Where it is published from; a clone does not know.
    `SOURCE=${process.env['IMAGE_SOURCE'] ?? ''}`,
  ];
  docker('build', '--quiet', '--tag', tag, ...buildArgs.flatMap((arg) => ['--build-arg', arg]), '.');
  return { tag, bytes: sizeOf(tag), baseBytes: base ? sizeOf(base) : undefined };
}

/** Puts all that the image takes from here into dist/: the bundle, and what it is made of. */
async function writeContents(): Promise<void> {
  const dist = join(checkout, 'dist');
  mkdirSync(dist, { recursive: true });
  await bundle();
  const packages = await bundledPackages(checkout, 'src/main.ts');
  writeFileSync(join(dist, 'THIRD_PARTY_LICENSES'), licenseText(packages));
  writeFileSync(join(dist, 'sbom.cdx.json'), await billOfMaterials(checkout, packages, created()));
  // Layers keep times and modes: they must not tell when and by whom this was built.
  for (const [name, mode] of [
    ['dist/provider-operator.mjs', 0o755],
    ['dist/THIRD_PARTY_LICENSES', 0o644],
    ['dist/sbom.cdx.json', 0o644],
    ['LICENSE', 0o644],
  ] as const) {
    chmodSync(join(checkout, name), mode);
    utimesSync(join(checkout, name), new Date(created()), new Date(created()));
  }
}

/** When the commit was made: the same commit gives the same image. */
function created(): string {
  return new Date(Number(git('log', '-1', '--format=%ct')) * 1000).toISOString();
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: checkout, encoding: 'utf8' }).trim();
}

function sizeOf(image: string): number {
  return Number(docker('image', 'inspect', '--format', '{{.Size}}', image));
}

function docker(...args: string[]): string {
  // The Dockerfile is for every builder, the classic one included, which newer clients would not ask for.
  const env = { DOCKER_BUILDKIT: '0', ...process.env };
  // Everything that it prints besides its answer is in the error, if there is one.
  return execFileSync('docker', args, { cwd: checkout, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'local-base': { type: 'boolean', default: false }, tag: { type: 'string' } },
  });
  const tag = values.tag ?? `${manifest.name}:${manifest.version}`;
  const { bytes, baseBytes } = await buildImage(tag, { localBase: values['local-base'] });
  const over = baseBytes === undefined ? '' : `, ${megabytes(bytes - baseBytes)} over its base`;
  process.stdout.write(`${tag}: ${megabytes(bytes)}${over}\nIts bill of materials: dist/sbom.cdx.json\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
