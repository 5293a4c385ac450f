export * from './end-on-signal';
export * from './logger';
export * from './waiting-room';
export * from './run-program';
export * from './probe';
export * from './trouble-log';
