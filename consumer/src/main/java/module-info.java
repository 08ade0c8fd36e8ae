/** A user's program, which names the library and leaves it to the command line what native parts are resolved. */
module consumer {
    requires dev.rondo.core;
}
