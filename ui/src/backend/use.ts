// How a screen asks: a question is cached by its name and content until something changes.
import {
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { createContext, use, useCallback } from 'react';
import type { Answer, Asking, Commands, Question, Refusal } from './backend';

const Context = createContext<Commands | null>(null);
export const BackendProvider = Context;

/** Every command, for what is not a question: streams, and what is done once. */
export function useBackend(): Commands {
  const backend = use(Context);
  if (backend === null) throw new Error('a screen stands outside the backend');
  return backend;
}

type AnyAsk = (question: unknown) => Promise<unknown>;

export function newCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The host is on this machine: asked again only when something says that it changed.
        networkMode: 'always',
        staleTime: Infinity,
        gcTime: 60_000,
        retry: false,
        // What was refused is asked again when somebody says so, not because another part shows it too.
        retryOnMount: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

/** The answer to a question, as it stands; asks where it is not known. */
export function useAsk<Name extends Asking>(
  name: Name,
  question: Question<Name>,
  options: {
    /** Does not ask yet. */
    off?: boolean;
    /** Shows the last answer until the next one is there. */
    keep?: boolean;
  } = {},
): UseQueryResult<Answer<Name>, Refusal> {
  const ask = useBackend()[name] as AnyAsk;
  return useQuery<Answer<Name>, Refusal>({
    queryKey: [name, question],
    queryFn: async () => ((await ask(question)) ?? null) as Answer<Name>,
    enabled: options.off !== true,
    ...(options.keep === true && { placeholderData: (before: unknown) => before as never }),
  });
}

/** Something that changes things. `changes` names the questions that are to be asked again. */
export function useTell<Name extends Asking>(
  name: Name,
  changes: readonly Asking[] = [],
): UseMutationResult<Answer<Name>, Refusal, Question<Name>> {
  const tell = useBackend()[name] as AnyAsk;
  const again = useAgain();
  return useMutation<Answer<Name>, Refusal, Question<Name>>({
    mutationFn: async (question) => ((await tell(question)) ?? null) as Answer<Name>,
    onSuccess: () => again(changes),
  });
}

/** Says that the answers to these questions are old. */
export function useAgain(): (names: readonly Asking[]) => void {
  const cache = useQueryClient();
  return useCallback(
    (names) => {
      for (const name of names) void cache.invalidateQueries({ queryKey: [name] });
    },
    [cache],
  );
}
