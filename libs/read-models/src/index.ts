export * from './incident.projection';
export * from './queue.counter';
