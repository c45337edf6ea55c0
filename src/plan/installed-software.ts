import type { InstalledSoftware } from '../api/software.ts';
import { findRelease } from './catalogue.ts';
import type { Findings } from './findings.ts';
import { parseSoftware, toldSoftware, type SoftwareSet } from './software-set.ts';

/** The system software of a status: what the pods have, what they are to have, and what else there would be. */
export function installedSoftware(findings: Findings): readonly InstalledSoftware[] {
  const { observed, running, outlook } = findings;
  const before = observed.installation.status.systemSoftware ?? [];
  const target = targetSet(findings);
  const release = findRelease(observed.catalogue, versionOf(findings));
  const known = release && outlook?.input.software?.describe(release, target);
  const current = running.isDone ? running.software : toldSoftware(observed.installation.status, 'currentVersion');
  return [...new Set([...target.keys(), ...current.keys()])].sort().map((name): InstalledSoftware => {
    const [currentVersion, targetVersion] = [current.get(name), target.get(name)];
    const use = known?.find((u) => u.name === name);
    const last = before.find((s) => s.name === name);
    // None at all is another thing than not known, as where the status was lost and the release is gone.
    const requiredBy = use?.requiredBy ?? last?.requiredBy;
    return {
      name,
      ...(currentVersion !== undefined && { currentVersion }),
      ...(targetVersion !== undefined && { targetVersion }),
      updatePolicy: use?.policy ?? last?.updatePolicy ?? 'none',
      updateAvailable: use?.isOutdated ?? last?.updateAvailable ?? false,
      ...(requiredBy && { requiredBy: requiredBy.slice(0, 32) }),
    };
  });
}

/** What is being written, or what is committed. */
function targetSet({ observed, running, decision }: Findings): SoftwareSet {
  if (decision.kind === 'run' && observed.installation.spec.suspend !== true) {
    return decision.inputs.software.set;
  }
  return decision.kind === 'rollback'
    ? parseSoftware(observed.revisions.find((r) => r.name === decision.revision)?.committed?.software)
    : running.software;
}

function versionOf({ running, decision }: Findings): string | undefined {
  return decision.kind === 'problem' ? running.installed : decision.version;
}
