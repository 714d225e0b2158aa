// Every screen: its place, its word in the navigation, its keys. A new one is a line here.
import type { ReactNode } from 'react';
import { ArtifactsScreen } from '../artifacts/ArtifactsScreen';
import { ConsentsScreen } from '../consents/ConsentsScreen';
import { ExceptionsScreen } from '../exceptions/ExceptionsScreen';
import { GatesScreen } from '../gates/GatesScreen';
import { HomeScreen } from '../home/HomeScreen';
import { ProblemScreen } from '../problems/ProblemScreen';
import { ProblemsScreen } from '../problems/ProblemsScreen';
import { TimelineScreen } from '../recorder/TimelineScreen';
import { RegistryScreen } from '../registry/RegistryScreen';
import { ReportsScreen } from '../reports/ReportsScreen';
import { ScanScreen } from '../scan/ScanScreen';
import { SettingsScreen } from '../settings/SettingsScreen';
import { pathOf, type Route } from '../shared/route';
import { Screen } from '../shared/Screen';
import { Skeleton } from '../shared/Skeleton';
import type { IconName } from '../shared/Icon';
import { ToolsScreen } from '../tools/ToolsScreen';
import { LostScreen } from './LostScreen';

export interface Place {
  screen: string;
  title: string;
  icon: IconName;
  keys: string;
  /** Which part of the navigation it stands in. */
  part: 'Work' | 'Evidence' | 'Product';
}

export const PLACES: readonly Place[] = [
  { screen: 'home', title: 'Home', icon: 'home', keys: 'g h', part: 'Work' },
  { screen: 'scan', title: 'Scans', icon: 'scan', keys: 'g s', part: 'Work' },
  { screen: 'problems', title: 'Problems', icon: 'problems', keys: 'g p', part: 'Work' },
  { screen: 'gates', title: 'Gates', icon: 'gates', keys: 'g g', part: 'Work' },
  { screen: 'reports', title: 'Reports', icon: 'reports', keys: 'g r', part: 'Work' },
  { screen: 'exceptions', title: 'Exceptions', icon: 'exceptions', keys: 'g e', part: 'Work' },
  { screen: 'timeline', title: 'Timeline', icon: 'timeline', keys: 'g t', part: 'Evidence' },
  { screen: 'artifacts', title: 'Artifacts', icon: 'artifacts', keys: 'g a', part: 'Evidence' },
  { screen: 'registry', title: 'Registry', icon: 'registry', keys: 'g y', part: 'Evidence' },
  { screen: 'tools', title: 'Tools', icon: 'tools', keys: 'g o', part: 'Product' },
  { screen: 'consents', title: 'Consents', icon: 'consents', keys: 'g c', part: 'Product' },
  { screen: 'settings', title: 'Settings', icon: 'settings', keys: '$mod+Comma', part: 'Product' },
];

/** What stands at an address. */
export function screenAt(route: Route): ReactNode {
  const [part, second] = route.parts;
  switch (route.screen) {
    case 'home':
      return <HomeScreen />;
    case 'scan':
      return <ScanScreen key={part ?? ''} runId={part} />;
    case 'problems':
      return <ProblemsScreen query={route.query} />;
    case 'problem':
      return <ProblemScreen key={part ?? ''} id={part ?? ''} />;
    case 'gates':
      return <GatesScreen opId={part} />;
    case 'reports':
      return <ReportsScreen runId={part} kind={second} />;
    case 'exceptions':
      return <ExceptionsScreen />;
    case 'registry':
      return <RegistryScreen version={part} />;
    case 'timeline':
      return <TimelineScreen eventId={part} filter={route.query} />;
    case 'artifacts':
      return <ArtifactsScreen sha256={part} filter={route.query} />;
    case 'tools':
      return <ToolsScreen />;
    case 'consents':
      return <ConsentsScreen />;
    case 'settings':
      return <SettingsScreen />;
    case 'link':
      return (
        <Screen title="Following the link">
          <Skeleton />
        </Screen>
      );
    case 'lost':
      return <LostScreen uri={route.query.get('uri') ?? ''} why={route.query.get('why') ?? ''} />;
    default:
      return <LostScreen uri={pathOf(route.screen, route.parts)} why="" />;
  }
}

/** Which entry of the navigation an address belongs to. */
export function placeOf(screen: string): string {
  return screen === 'problem' ? 'problems' : screen;
}
