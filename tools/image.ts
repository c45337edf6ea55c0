import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { DOCS_FILES } from '../src/rest/docs-page.ts';
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
 * Builds the image with the engine that `docker` speaks to. With `localBase` nothing is pulled. Otherwise the base is
 * the one of the Dockerfile, or BASE_IMAGE.
 */
export async function buildImage(tag: string, { localBase }: { localBase: boolean }): Promise<BuiltImage> {
  // The engine is checked first: without it, the rest is in vain.
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
    // The source of the image, which a clone does not know.
    `SOURCE=${process.env['IMAGE_SOURCE'] ?? ''}`,
  ];
  docker('build', '--quiet', '--tag', tag, ...buildArgs.flatMap((arg) => ['--build-arg', arg]), '.');
  return { tag, bytes: sizeOf(tag), baseBytes: base ? sizeOf(base) : undefined };
}

/** Puts everything that the image takes from here into dist/: the bundle, its licences and its bill of materials. */
async function writeContents(): Promise<void> {
  const dist = join(checkout, 'dist');
  mkdirSync(dist, { recursive: true });
  await bundle();
  const packages = await bundledPackages(checkout, 'src/main.ts');
  writeFileSync(join(dist, 'THIRD_PARTY_LICENSES'), licenseText(packages));
  writeFileSync(join(dist, 'sbom.cdx.json'), await billOfMaterials(checkout, packages, created()));
  // Layers keep times and modes, which must not tell when and by whom this was built.
  for (const [name, mode] of [
    ['dist/provider-operator.mjs', 0o755],
    ['dist/THIRD_PARTY_LICENSES', 0o644],
    ['dist/sbom.cdx.json', 0o644],
    ['LICENSE', 0o644],
    ...DOCS_FILES.map((file) => [`dist/docs/${file}`, 0o644] as const),
  ] as const) {
    chmodSync(join(checkout, name), mode);
    utimesSync(join(checkout, name), new Date(created()), new Date(created()));
  }
}

/** Returns the time of the commit, so that the same commit gives the same image. */
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
  // The Dockerfile works with every builder, also with the classic one, which newer clients do not use by default.
  const env = { DOCKER_BUILDKIT: '0', ...process.env };
  // The error, if there is one, contains everything else that docker prints.
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
