import type { InstallationSpec } from '../../api/installation.ts';
import { problem, type Problem } from '../../api/problem.ts';
import type { Release } from '../../api/provider.ts';
import { isNamedBy } from '../../api/reserved-env.ts';
import { envOf } from '../../api/user-input.ts';

/** The variables of a spec that a release lets no tenant set, sorted. What it asks for may always be given. */
export function foreignEnv(
  { tenantEnv, userInputs = [] }: Pick<Release, 'tenantEnv' | 'userInputs'>,
  { config = {}, configFrom = [] }: Pick<InstallationSpec, 'config' | 'configFrom'>,
): readonly string[] {
  if (!tenantEnv) {
    return [];
  }
  const allowed = [...tenantEnv, ...userInputs.map(envOf)];
  return [...Object.keys(config), ...configFrom.map(({ name }) => name)].filter((n) => !isNamedBy(n, allowed)).sort();
}

/** As many as a message has room for. */
const MOST_NAMED = 10;

/** Says which variables these are, and which a tenant may set. */
export function envNotAllowed(release: Release, spec: InstallationSpec): Problem {
  const { version, tenantEnv = [] } = release;
  const may = tenantEnv.length === 0 ? 'no variables' : `only ${listed(tenantEnv)}`;
  return problem(
    'EnvNotAllowed',
    `Remove ${listed(foreignEnv(release, spec))} from config and configFrom: ${version} lets its tenants set ${may}`,
  );
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  const named = names.slice(0, MOST_NAMED).map((name) => `"${name}"`);
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
