import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/** An npm package of which at least one line is in the bundle. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The texts of its licence files. */
  readonly texts: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const NODE_MODULES = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENSE_FILE = /^(licen[cs]e|notice|copying)/i;

/** Files of these are in the image beside the bundle. */
const COPIED = ['node_modules/@fastify/swagger-ui'];

/** The packages of others in the bundle of `entryPoint`. The bundler says it, since no list of dependencies knows. */
export async function bundledPackages(checkout: string, entryPoint: string): Promise<BundledPackage[]> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: [entryPoint],
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => NODE_MODULES.exec(path)?.slice(0, 1) ?? []);
  const packages = [...new Set([...folders, ...COPIED])].map((folder) => readPackage(resolve(checkout, folder)));
  // npm may have put one version into several folders.
  const different = new Map(packages.map((one) => [idOf(one), one]));
  return [...different.values()].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const files = readdirSync(folder)
    .filter((file) => LICENSE_FILE.test(file))
    .sort();
  return { name, version, license, texts: files.map((file) => readFileSync(join(folder, file), 'utf8').trim()) };
}

function idOf({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

/** Returns the licences of the packages, as they ask to be passed on. Throws if a package names none. */
export function licenseText(packages: readonly BundledPackage[]): string {
  const unnamed = packages.filter((p) => p.license === '' && p.texts.length === 0).map(idOf);
  if (unnamed.length > 0) {
    throw new Error(`Say under which licence these are bundled, they do not: ${unnamed.join(', ')}`);
  }
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `${packages.map((p) => [`${idOf(p)}: ${p.license}`, ...p.texts].join('\n\n')).join(rule)}\n`;
}

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } & Record<string, unknown> };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * Returns npm's bill of materials (CycloneDX), reduced to the bundled packages: npm lists what could be imported, and
 * leaves out what a development tool needs as well.
 */
export async function billOfMaterials(
  checkout: string,
  packages: readonly BundledPackage[],
  created: string,
): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: checkout,
    maxBuffer: 64 * 1024 * 1024,
  });
  // The random serial number is left out: the same commit must give the same bytes.
  const { serialNumber: _, ...bom } = JSON.parse(stdout) as Bom & { readonly serialNumber: string };
  const root = bom.metadata.component['bom-ref'];
  const bundled = new Set(packages.map(idOf));
  const components = bom.components.filter((component) => bundled.has(component['bom-ref']));
  const unknown = [...bundled].filter((id) => !components.some((component) => component['bom-ref'] === id));
  if (unknown.length > 0) {
    throw new Error(`npm does not know what is bundled: ${unknown.join(', ')}`);
  }
  const dependencies = bom.dependencies
    .filter(({ ref }) => ref === root || bundled.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((id) => bundled.has(id)) }));
  const metadata = {
    ...bom.metadata,
    timestamp: created,
    // npm would use the name of the folder.
    component: { ...bom.metadata.component, type: 'application', name: 'provider-operator' },
  };
  return `${JSON.stringify({ ...bom, metadata, components, dependencies }, null, 2)}\n`;
}
