export interface CodeLimits { maxLineLength: number }
