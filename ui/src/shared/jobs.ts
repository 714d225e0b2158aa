// The four jobs of a scan, in words. Another name is shown as it is.
import type { IconName } from './Icon';

export interface JobWords {
  job: string;
  title: string;
  about: string;
  icon: IconName;
}

export const JOBS: readonly JobWords[] = [
  {
    job: 'secret',
    title: 'Secrets',
    about: 'keys and tokens in files and names',
    icon: 'consents',
  },
  {
    job: 'vuln',
    title: 'Vulnerabilities',
    about: 'advisories for every package',
    icon: 'bolt',
  },
  {
    job: 'sbom',
    title: 'Inventory',
    about: 'CycloneDX and SPDX documents',
    icon: 'list',
  },
  { job: 'license', title: 'Licences', about: 'declared, detected and concluded', icon: 'reports' },
];

const OTHERS: Record<string, string> = {
  stage: 'Staging the project',
  verdict: 'Verdict',
};

export function jobTitle(job: string): string {
  return JOBS.find((one) => one.job === job)?.title ?? OTHERS[job] ?? job;
}
