"""The pictures of the chapters on bottlenecks. Every function takes arrays with named axes and returns a figure."""
