import { SemVer } from 'semver';
import type { TierName } from '../../api/installation.ts';
import { firstIssue } from '../../api/field.ts';
import type { OperatorConfig } from '../../api/operator-config.ts';
import { Release, type ProviderSpec } from '../../api/provider.ts';
import type { Runtime } from '../../api/runtime.ts';
import { StoredTier, type Tier } from '../../api/tier.ts';
import { epoch } from '../../api/time.ts';
import { isExactVersion, isPrerelease, newestFirst } from '../../api/version.ts';
import { contentHash } from './content.ts';
import { faultOfInputs } from './inputs.ts';

/** A provider's releases as the decisions read them. */
export interface Catalogue {
  readonly provider: string;
  /** Valid releases, newest first. */
  readonly releases: readonly Release[];
  readonly invalid: readonly InvalidRelease[];
  /** Versions over which no upgrade may jump, oldest first, valid or not: an upgrade that knows the way is better than one that guesses it. */
  readonly requiredVersions: readonly string[];
  /** The releases that are breaking, oldest first, also those that are yanked or cannot be installed: whoever passes one crosses it. */
  readonly breaking: readonly BreakingRelease[];
  readonly tiers: NonNullable<ProviderSpec['tiers']>;
  /** By version, the hash of all of a valid release that reaches the pods. */
  readonly contents: Readonly<Record<string, string>>;
}

export interface BreakingRelease {
  readonly version: string;
  /** The same, ready to be compared: each candidate is compared with each of these. */
  readonly parsed: SemVer;
  readonly note: string | undefined;
}

export interface InvalidRelease {
  readonly version: string;
  readonly reason: string;
}

export const NOT_EXACT = 'version: Must be one exact version such as 1.4.2';

/** Reads what is published; a release that cannot be installed is set aside with its reason and disturbs no other. */
export function readCatalogue(spec: ProviderSpec, config: OperatorConfig): Catalogue {
  const provider = `${spec.org}/${spec.name}`;
  const mayLoosen = config.privilegedProviders.includes(provider);
  const sorted = sortOut(spec.versions, (release) => faultOfRelease(release, mayLoosen, config));
  return {
    provider,
    ...sorted,
    requiredVersions: requiredVersionsOf(spec),
    breaking: breakingOf(spec),
    tiers: validTiers(spec.tiers),
    contents: Object.fromEntries(sorted.releases.map((r) => [r.version, contentHash(r)])),
  };
}

/** Sets aside what has a fault, with its reason. */
export function sortOut<R extends { readonly version: string }>(
  published: readonly R[] = [],
  faultOf: (release: R) => string | undefined,
) {
  const releases: R[] = [];
  const invalid: InvalidRelease[] = [];
  for (const release of published) {
    const reason = faultOf(release);
    if (reason === undefined) {
      releases.push(release);
    } else {
      invalid.push({ version: statedVersion(release), reason });
    }
  }
  return {
    releases: releases.sort((a, b) => newestFirst(a.version, b.version)),
    invalid: invalid.sort((a, b) => (a.version < b.version ? -1 : 1)),
  };
}

/** The highest release for everybody. */
export function latestRelease<R extends Pick<Release, 'version' | 'lifecycle'>>(releases: readonly R[]): R | undefined {
  return releases.find((r) => isForAll(r));
}

/** Neither yanked nor a preview nor a prerelease: what is left is only for who names it. */
export function isForAll(
  { version, lifecycle }: Pick<Release, 'version' | 'lifecycle'>,
  prereleasesAreReleases = false,
): boolean {
  return isOffered({ lifecycle }) && (prereleasesAreReleases || !isPrerelease(version));
}

export function findRelease(catalogue: Catalogue | undefined, version: string | undefined): Release | undefined {
  return version === undefined ? undefined : catalogue?.releases.find((r) => r.version === version);
}

/** Neither yanked nor a preview. */
export function isOffered({ lifecycle }: Pick<Release, 'lifecycle'>): boolean {
  return lifecycle?.stage !== 'yanked' && lifecycle?.stage !== 'preview';
}

/** Deprecated, or past its date: taken only when nothing better is there. */
export function isFading(release: Pick<Release, 'lifecycle'>, now: number): boolean {
  return release.lifecycle?.stage === 'deprecated' || isExpired(release, now);
}

export function isExpired({ lifecycle }: Pick<Release, 'lifecycle'>, now: number): boolean {
  return lifecycle?.expiresAt !== undefined && epoch(lifecycle.expiresAt) <= now;
}

/**
 * Prefixes match whole path segments: `registry.example.com/acme` allows `…/acme/web:1` and not `…/acme-evil/web:1`.
 * A tag may follow a path, but what follows a host is a port, and that is another registry.
 */
export function isImageAllowed(image: string, prefixes: OperatorConfig['allowedImagePrefixes']): boolean {
  return (
    prefixes?.some((prefix) => {
      const path = prefix.replace(/\/$/, '');
      const rest = image.startsWith(path) ? image.slice(path.length) : 'other';
      return path.includes('/') ? /^$|^[/:@]/.test(rest) : rest.startsWith('/');
    }) ?? true
  );
}

/** A yanked release is never required: nobody could take it. */
function requiredVersionsOf({ versions = [] }: ProviderSpec): string[] {
  return versions
    .filter(
      ({ version, required, lifecycle }) => required === true && lifecycle?.stage !== 'yanked' && isExact(version),
    )
    .map((r) => r.version)
    .sort((a, b) => newestFirst(b, a));
}

function breakingOf({ versions = [] }: ProviderSpec): BreakingRelease[] {
  return versions
    .flatMap(({ version, breaking }) =>
      breaking && isExact(version) ? [{ version, parsed: new SemVer(version), note: breaking.note }] : [],
    )
    .sort((a, b) => a.parsed.compare(b.parsed));
}

/** A release that was stored before there was a schema may have anything for a version. */
function isExact(version: unknown): version is string {
  return typeof version === 'string' && isExactVersion(version);
}

/** A tier that was stored before the schema forbade it counts as not there. */
function validTiers(tiers: ProviderSpec['tiers'] = {}): Catalogue['tiers'] {
  return Object.fromEntries(Object.entries(tiers).filter(([, tier]) => StoredTier.safeParse(tier).success));
}

function statedVersion({ version }: { readonly version?: unknown }): string {
  return typeof version === 'string' ? version.slice(0, 64) : '';
}

/** Why a release cannot be installed. */
function faultOfRelease(published: Release, mayLoosen: boolean, config: OperatorConfig): string | undefined {
  const parsed = Release.safeParse(published);
  if (!parsed.success) {
    return firstIssue(parsed.error, 'release');
  }
  if (!isExactVersion(published.version)) {
    return NOT_EXACT;
  }
  const runtime = published.runtime ?? {};
  return (
    findDanglingName(runtime) ??
    (mayLoosen ? undefined : findLoosening(runtime)) ??
    faultOfInputs(published.userInputs, config)
  );
}

function findDanglingName(runtime: Runtime): string | undefined {
  const volumes = new Set((runtime.volumes ?? []).map((v) => v.name));
  const mount = runtime.volumeMounts?.find((m) => !volumes.has(m.name));
  if (mount) {
    return `runtime.volumeMounts: There is no volume "${mount.name}"`;
  }
  const ports = new Set((runtime.ports ?? []).map((p) => p.name));
  for (const [field, probe] of [
    ['readinessProbe', runtime.readinessProbe],
    ['livenessProbe', runtime.livenessProbe],
  ] as const) {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
    if (typeof port === 'string' && !/^\d+$/.test(port) && !ports.has(port)) {
      return `runtime.${field}: There is no port "${port}"`;
    }
  }
  return undefined;
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
function findLoosening(runtime: Runtime): string | undefined {
  const { runAsUser, runAsNonRoot, allowPrivilegeEscalation, addCapabilities = [] } = runtime.securityContext ?? {};
  const loosened = [
    runAsUser === 0 && 'runAsUser',
    runAsNonRoot === false && 'runAsNonRoot',
    allowPrivilegeEscalation === true && 'allowPrivilegeEscalation',
    addCapabilities.some((c) => c !== 'NET_BIND_SERVICE') && 'addCapabilities',
  ].find((field) => typeof field === 'string');
  return (
    loosened &&
    `runtime.securityContext.${loosened}: Loosens the restricted Pod Security Standard: ask the platform team to list the provider in privilegedProviders`
  );
}

/**
 * The tier as the provider and the platform define it; undefined where both leave it to the built-in table.
 * The more specific one decides on the replicas (none: not ours), resources fall through to the next.
 */
export function tierDefinition(
  catalogue: Catalogue | undefined,
  config: OperatorConfig,
  name: TierName,
): Tier | undefined {
  const ofProvider = catalogue?.tiers[name];
  const ofPlatform = config.tiers[name];
  const definition = ofProvider ?? ofPlatform;
  return definition && { ...definition, resources: definition.resources ?? ofPlatform?.resources };
}
