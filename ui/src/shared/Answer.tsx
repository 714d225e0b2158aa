import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Refusal } from '../backend/backend';
import { Skeleton } from './Skeleton';
import { TroubleView } from './TroubleView';

/** What was asked: lines while it is read, what went wrong, or the answer. Never an answer that is not there. */
export function Answer<Given>({
  of,
  children,
  lines,
}: {
  of: UseQueryResult<Given, Refusal>;
  children: (given: Given) => ReactNode;
  lines?: number;
}) {
  if (of.isError) return <TroubleView refusal={of.error} again={() => void of.refetch()} />;
  if (of.data === undefined) return <Skeleton {...(lines !== undefined && { lines })} />;
  return children(of.data);
}
