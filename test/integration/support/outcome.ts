import { kubectl } from './kubectl.ts';
import { conditionOf, type SeenInstallation, type Witness } from './witness.ts';

/** The outcome of an upgrade, as tests ask for it. Installations are named `namespace/name`. */

/** Whether the version that ran before came back, and nobody has to do anything. */
export function isBack(seen: SeenInstallation): boolean {
  const isReady = conditionOf(seen, 'Ready')?.startsWith('True') === true;
  return isReady && conditionOf(seen, 'UpgradeHealthy') === 'False RolledBack';
}

/** Whether the version that ran before came back, and the spec asks for another. */
export function isHeld(seen: SeenInstallation): boolean {
  return conditionOf(seen, 'Ready') === 'False RolledBack';
}

/** Whether an installation runs a version whose rollout is done. */
export function runs(version: string): (seen: SeenInstallation) => boolean {
  return (seen) => seen.status.currentVersion === version && conditionOf(seen, 'Ready')?.startsWith('True') === true;
}

/** The versions that its Deployment was given, one after the other. */
export async function versionsOf(witness: Witness, installation: string): Promise<string[]> {
  return (await witness.templatesOf(installation)).map((template) => template.version);
}

/** Merges a change into an installation. */
export function patch(installation: string, change: object): Promise<string> {
  const [namespace = '', name = ''] = installation.split('/');
  return kubectl(['patch', 'pi', name, '-n', namespace, '--type=merge', '-p', JSON.stringify(change)]);
}
