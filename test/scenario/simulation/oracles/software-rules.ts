import semver from 'semver';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import { ANNOTATION, FIELD_MANAGER } from '../../../../src/api/names.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareDependency, SoftwareRelease } from '../../../../src/api/software.ts';
import { ownedFields } from '../../../../src/cluster/owned-fields.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { templateOf, type Template } from '../people/deployments.ts';

/** The rules of the contract for system software, written without the operator's code. */

export type SoftwareSet = Readonly<Record<string, string>>;

export function softwareOf(deployment: ApiObject): SoftwareSet {
  return softwareIn(templateOf(deployment).metadata?.annotations?.[ANNOTATION.software]);
}

export function softwareIn(text = ''): SoftwareSet {
  return Object.fromEntries([...text.matchAll(/(\S+)=(\S+)/g)].map(([, name = '', version = '']) => [name, version]));
}

/** Whether the software in the template is not the operator's: it belongs to somebody who undid a rollout, and stayed. */
export function isLeftOver(deployment: ApiObject): boolean {
  const own = ownedFields(deployment, FIELD_MANAGER) as { readonly spec?: { readonly template?: Template } };
  const text = templateOf(deployment).metadata?.annotations?.[ANNOTATION.software];
  return text !== undefined && own.spec?.template?.metadata?.annotations?.[ANNOTATION.software] === undefined;
}

export type Policy = 'none' | 'patchLevel' | 'all';

export function policyFor(name: string, { systemSoftware, upgradePolicy, upgrade }: InstallationSpec): Policy {
  const own = systemSoftware?.find((s) => s.name === name)?.updatePolicy ?? 'inherit';
  if (own !== 'inherit') {
    return own;
  }
  const taken = upgrade?.level === 'patch' ? 'patchLevel' : 'all';
  return upgradePolicy === 'auto' ? taken : 'none';
}

/** Whether a policy lets software move between these versions unasked. */
export function isWithin(policy: Policy, from: string, to: string): boolean {
  const isPatch = semver.satisfies(to, `~${from}`);
  return semver.gt(to, from) && (policy === 'all' || (policy === 'patchLevel' && isPatch));
}

/** Finds a published version of a software, as somebody saw it; undefined if they saw none. */
export type Published = (name: string, version: string) => SoftwareRelease | undefined;

/** Describes where a set does not suit the wish of the tenant, the needs of the release or those of its own versions. */
export function misfitsIn(
  set: SoftwareSet,
  spec: InstallationSpec,
  release: Pick<Release, 'systemSoftwareDependencies'> | undefined,
  published: Published,
): string[] {
  const asked = (spec.systemSoftware ?? []).map(({ name, version }): SoftwareDependency => {
    const floor = version === undefined ? '*' : `>=${version}`;
    return { name, range: version !== undefined && policyFor(name, spec) === 'none' ? version : floor };
  });
  const needs = [
    ...asked,
    ...(release?.systemSoftwareDependencies ?? []),
    ...Object.entries(set).flatMap(([name, version]) => published(name, version)?.dependencies ?? []),
  ];
  const unmet = needs.filter(({ name, range }) => {
    const version = Object.hasOwn(set, name) ? set[name] : undefined;
    return version === undefined || !semver.satisfies(version, range);
  });
  const superfluous = Object.keys(set).filter((name) => !needs.some((need) => need.name === name));
  return [
    ...unmet.map(({ name, range }) => `${name} is ${set[name] ?? 'not there'} instead of ${range}`),
    ...superfluous.map((name) => `nobody needs ${name}`),
  ];
}
