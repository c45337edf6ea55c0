import { schemaOf } from '../../api/input-schema.ts';
import type { Release } from '../../api/provider.ts';
import type { SoftwareDependency, SoftwareRelease } from '../../api/software.ts';
import type { UserInput as AskedInput } from '../../api/user-input.ts';
import { isSecret } from '../../api/user-input.ts';
import type { ProviderView, SoftwareView } from '../../reconcile/project.ts';
import { appId, appVersionId, softwareId, softwareVersionId } from './ids.ts';
import type { App, AppVersion, SystemSoftware, SystemSoftwareVersion, UserInput } from './shapes.ts';

/** What is published, as the second seed shows it. */

export function appOf({ catalogue, about }: Pick<ProviderView, 'catalogue' | 'about'>): App {
  return { id: appId(catalogue.provider), name: catalogue.provider, tags: [...(about.tags ?? [])] };
}

export function appVersionOf(provider: string, release: Release): AppVersion {
  const { version, displayVersion, documentRoot, recommended, breaking } = release;
  return {
    id: appVersionId(provider, version),
    appId: appId(provider),
    externalVersion: displayVersion ?? version,
    internalVersion: version,
    docRoot: documentRoot ?? '',
    docRootUserEditable: true,
    ...(recommended !== undefined && { recommended }),
    ...(breaking && { breakingNote: { faqLink: breaking.url ?? '' } }),
    ...needsOf(release.systemSoftwareDependencies),
    ...asksOf(release.userInputs),
  };
}

export function softwareOf(name: string, { about }: Pick<SoftwareView, 'about'>): SystemSoftware {
  const { displayName, tags = [] } = about;
  return { id: softwareId(name), name, tags: [...tags], ...(displayName !== undefined && { meta: { displayName } }) };
}

export function softwareVersionOf(name: string, release: SoftwareRelease): SystemSoftwareVersion {
  const { version, displayVersion, recommended, lifecycle } = release;
  return {
    id: softwareVersionId(name, version),
    externalVersion: displayVersion ?? version,
    internalVersion: version,
    ...(lifecycle?.expiresAt !== undefined && { expiryDate: lifecycle.expiresAt }),
    ...(recommended !== undefined && { recommended }),
    ...needsOf(release.dependencies),
    ...asksOf(release.userInputs),
  };
}

export function dependencyOf({ name, range }: SoftwareDependency) {
  return { systemSoftwareId: softwareId(name), versionRange: range };
}

function needsOf(dependencies: readonly SoftwareDependency[] | undefined) {
  return dependencies ? { systemSoftwareDependencies: dependencies.map(dependencyOf) } : {};
}

function asksOf(inputs: readonly AskedInput[] | undefined) {
  return inputs ? { userInputs: inputs.map(userInputOf) } : {};
}

export function userInputOf(input: AskedInput): UserInput {
  const { name, dataType, required = false, lifecycle = 'reconfigure', format, position } = input;
  // Portals hide what is a password.
  const shown = format ?? (isSecret(input) ? 'password' : undefined);
  return {
    name,
    dataType,
    required,
    lifecycleConstraint: lifecycle,
    validationSchema: JSON.stringify(schemaOf(input)),
    ...(shown && { format: shown }),
    ...(input.default !== undefined && { defaultValue: input.default }),
    ...(position && { positionMeta: { ...position } }),
  };
}
