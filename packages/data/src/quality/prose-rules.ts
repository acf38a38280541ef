export interface ProseLimits { minWords: number }
