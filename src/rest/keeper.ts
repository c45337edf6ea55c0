import { INSTALLATIONS } from '../reconcile/resources.ts';
import type { Access } from './access.ts';
import type { Live, Look } from './installations.ts';
import { sourceOf, type Owner } from './ownership.ts';
import { RestProblem } from './problem.ts';

/** Refuses a change of what somebody keeps, unless it is meant and the caller may do that. */
export async function demandNoKeeper(
  access: Access,
  { caller }: Look,
  { raw: { metadata } }: Live,
  keeper: Owner | undefined,
  force: boolean,
): Promise<void> {
  if (!keeper) {
    return;
  }
  const source = sourceOf(metadata);
  const where =
    source === undefined ? 'where it takes it from, such as a Git repository or a chart' : `in the source of ${source}`;
  if (!force) {
    throw new RestProblem(
      409,
      'ManagedElsewhere',
      `Change ${keeper.field} ${where}: "${keeper.manager}" keeps it and would set it back; ?force=true changes it all the same, with the right to override`,
    );
  }
  const { namespace, name } = metadata;
  if (!(await access.may(caller, { verb: 'override', resource: INSTALLATIONS, namespace, name }))) {
    throw new RestProblem(
      403,
      'Forbidden',
      `Ask for the verb "override" on providerinstallations.provider-operator.io: ${keeper.field} is kept by "${keeper.manager}"`,
    );
  }
}
