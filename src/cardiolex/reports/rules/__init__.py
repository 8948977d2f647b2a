"""The parts of the rules extractor: tokens, lexicon, matcher, findings, assertion, accounting."""
