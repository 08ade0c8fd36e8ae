/**
 * Vocabularies of sub-words, by the tokenizers of the Hugging Face library as DJL binds them. Found by {@link
 * dev.rondo.text.TokenizerProvider#find}: a program has it among its dependencies, and names nothing of it.
 */
package dev.rondo.tokenizers;
