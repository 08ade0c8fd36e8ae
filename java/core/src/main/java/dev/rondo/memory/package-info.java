/** Native memory: who owns it, how tensors lie in it. */
package dev.rondo.memory;
