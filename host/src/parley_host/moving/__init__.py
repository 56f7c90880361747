"""Moving in and out: `parley-import` reads an old system's data into Parley, `parley-export` writes a deployment's."""
