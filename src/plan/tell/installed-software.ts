import type { InstalledSoftware } from '../../api/software.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { appliedNow, type Findings } from './findings.ts';
import { softwareOf } from '../state/record.ts';
import { policyOf } from '../software/choices.ts';

/** The system software of a status: what the pods have, what they are to have, and what else there would be. */
export function installedSoftware(findings: Findings): readonly InstalledSoftware[] {
  const { observed, state, decision, outlook } = findings;
  const { spec } = observed.installation;
  const target = softwareOf(appliedNow(findings) ?? state.base);
  const version = decision.kind === 'problem' ? state.base?.version : decision.version;
  const release = findRelease(observed.catalogue, version);
  const known = release && outlook?.input.software?.describe(release, target);
  const current = state.stableSoftware;
  return [...new Set([...target.keys(), ...current.keys()])].sort().map((name): InstalledSoftware => {
    const [currentVersion, targetVersion] = [current.get(name), target.get(name)];
    const use = known?.find((u) => u.name === name);
    const asked = spec.systemSoftware?.find((wish) => wish.name === name);
    // "None" differs from "not known", as where the release is gone.
    const requiredBy = use?.requiredBy ?? state.base?.requiredBy?.[name];
    return {
      name,
      ...(currentVersion !== undefined && { currentVersion }),
      ...(targetVersion !== undefined && { targetVersion }),
      updatePolicy: use?.policy ?? policyOf(asked, spec),
      updateAvailable: use?.isOutdated ?? false,
      ...(requiredBy && { requiredBy: requiredBy.slice(0, 32) }),
    };
  });
}
