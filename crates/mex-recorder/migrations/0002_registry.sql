-- The capability registry, version 2 (contract REG-5 to REG-7): which registry is in force is asked at
-- every attempt, so the few events that say it are found without a walk over all.

CREATE INDEX events_by_registry ON events (body ->> '$.event_type')
    WHERE body ->> '$.event_type' IN ('registry_review', 'registry_publish');
